type CharacterTest = (character: string) => boolean;

/**
 * A name with wildcards as file names have them: `*` any characters, `?` any one, `[ab]`, `[a-z]` and `[!a]` one of a set; a
 * bracket that is never closed stands for itself. Matching takes time in proportion to name times text, whatever a manifest
 * brings: a regular expression of many `*` would not.
 */
export class Glob {
  /** What each place of the text must be; undefined: any number of characters. */
  private readonly places: readonly (CharacterTest | undefined)[];

  constructor(text: string) {
    this.places = Array.from(text.matchAll(/\*+|\?|\[!?\]?[^\]]*\]|[\s\S]/gu), ([part]) => place(part));
  }

  /** Whether the whole text matches. */
  matches(text: string): boolean {
    const { places } = this;
    const characters = Array.from(text);
    let at = 0;
    let next = 0;
    // Where to go on when it does not fit: the last `*` takes one character more. Earlier ones never need to.
    let star = -1;
    let taken = 0;
    while (at < characters.length) {
      const test = places[next];
      if (next < places.length && test === undefined) {
        star = next++;
        taken = at;
      } else if (test?.(characters[at]!)) {
        at++;
        next++;
      } else if (star >= 0) {
        next = star + 1;
        at = ++taken;
      } else return false;
    }
    while (next < places.length && places[next] === undefined) next++;
    return next === places.length;
  }
}

function place(part: string): CharacterTest | undefined {
  if (part.startsWith('*')) return undefined;
  if (part === '?') return () => true;
  if (part.length > 2 && part.startsWith('[')) return characterSet(part.slice(1, -1));
  return (character) => character === part;
}

function characterSet(inner: string): CharacterTest {
  const isNot = inner.startsWith('!') && inner.length > 1;
  const set = Array.from(isNot ? inner.slice(1) : inner);
  const ranges: [from: string, to: string][] = [];
  for (let i = 0; i < set.length; i++) {
    const isRange = set[i + 1] === '-' && i + 2 < set.length;
    ranges.push([set[i]!, isRange ? set[i + 2]! : set[i]!]);
    if (isRange) i += 2;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== isNot;
}
