/** Flags that hold for a part of a pattern. */
export interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
  verbose: boolean;
  ascii: boolean;
}

/** Whether a code point belongs to a class of characters. */
export type CharTest = (code: number) => boolean;

/** The tree of a regular expression. */
export type RegexNode =
  | { kind: 'char'; test: CharTest }
  | { kind: 'sequence'; nodes: RegexNode[] }
  | { kind: 'alternatives'; nodes: RegexNode[] }
  | { kind: 'group'; index: number; node: RegexNode }
  | {
      kind: 'repeat';
      min: number;
      max: number;
      mode: 'greedy' | 'lazy' | 'possessive';
      node: RegexNode;
      grouped?: boolean;
    }
  | { kind: 'look'; behind: number | undefined; negative: boolean; node: RegexNode }
  | { kind: 'atomic'; node: RegexNode }
  | { kind: 'reference'; index: number; ignoreCase: boolean }
  | { kind: 'condition'; index: number; yes: RegexNode; no: RegexNode }
  | { kind: 'anchor'; holds: Anchor };

/** A place between characters. */
export type Anchor = (codes: ArrayLike<number>, at: number) => boolean;

export interface Regex {
  node: RegexNode;
  groups: number;
  names: ReadonlyMap<string, number>;
}

/** Shortest and longest length that a node can match. */
export function widthOf(node: RegexNode): [min: number, max: number] {
  switch (node.kind) {
    case 'char':
      return [1, 1];
    case 'sequence':
      return node.nodes.map(widthOf).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
    case 'alternatives':
      return node.nodes.map(widthOf).reduce(([a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)]);
    case 'group':
    case 'atomic':
      return widthOf(node.node);
    case 'repeat': {
      const [min, max] = widthOf(node.node);
      return [min * node.min, max === 0 || node.max === 0 ? 0 : max * node.max];
    }
    case 'condition': {
      const [[a, b], [c, d]] = [widthOf(node.yes), widthOf(node.no)];
      return [Math.min(a, c), Math.max(b, d)];
    }
    case 'reference':
      return [0, Number.POSITIVE_INFINITY];
    default:
      return [0, 0];
  }
}
