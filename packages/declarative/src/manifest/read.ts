import type { Json, JsonObject } from '@tidemark/protocol';
import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import type { Diagnostic } from './diagnostic.js';
import { indentLoosely } from './loose-indentation.js';
import { SourceText } from './place.js';
import { Positions } from './positions.js';
import { isObject, put } from './tree.js';
import { afterNode, startOf, type YamlText } from './yaml-index.js';
import { TreeBuilder, YamlMeaningError } from './yaml-tree.js';

/** A tree of plain values, where each of them stands, and what is to be said of it so far. */
export interface ManifestTree {
  tree: JsonObject;
  positions: Positions;
  diagnostics: Diagnostic[];
}

/** How a manifest is read. */
export interface ReadOptions {
  /** The file's name for diagnostics; `manifest.yaml` unless given. */
  file?: string;
  /** The largest text that is taken, in characters. */
  sizeMax?: number;
  /** The deepest nesting that is taken. */
  depthMax?: number;
}

const SIZE_MAX = 32 * 1024 * 1024;
const DEPTH_MAX = 200;

/**
 * Reads a manifest from YAML (or JSON) text, or takes one that was parsed already (an injected manifest). YAML means
 * here what it means in version 1.1 (`yes` is true, `010` is 8). A text that does not parse gives an empty tree and an
 * error diagnostic that says where and why.
 */
export function readManifest(input: string | JsonObject, options: ReadOptions = {}): ManifestTree {
  const file = options.file ?? 'manifest.yaml';
  const positions = new Positions(file);
  const diagnostics: Diagnostic[] = [];
  const fail = (message: string, at = positions.nowhere()): ManifestTree => {
    diagnostics.push({ severity: 'error', code: 'yaml', message, at, path: '' });
    return { tree: {}, positions, diagnostics };
  };
  const depthMax = options.depthMax ?? DEPTH_MAX;
  if (typeof input !== 'string') {
    const tree = takeParsed(input, depthMax);
    return tree === undefined
      ? fail(`the manifest is nested deeper than ${depthMax} levels`)
      : { tree, positions, diagnostics };
  }
  const source = new SourceText(file, input);
  if (input.length > (options.sizeMax ?? SIZE_MAX))
    return fail(`the manifest is larger than ${options.sizeMax ?? SIZE_MAX} characters`, source.at(0));
  try {
    const text = parse(source, depthMax);
    const first = singleDocument(text);
    const value = new TreeBuilder(text, first, positions, diagnostics).build();
    if (isObject(value)) return { tree: value, positions, diagnostics };
    return fail(`a manifest must be a mapping, and this is ${nameOf(value)}`, text.source.at(startOf(text, first)));
  } catch (error) {
    if (error instanceof YamlMeaningError) return fail(error.message, source.at(error.offset));
    if (error instanceof YAMLException) return fail(plainReason(error, input), source.at(error.mark?.position ?? 0));
    throw error;
  }
}

/** The value of a short YAML text, as a manifest would read it; undefined where the text has no meaning as YAML. */
export function readYamlValue(input: string): Json | undefined {
  try {
    const text = parse(new SourceText('', input), DEPTH_MAX);
    return new TreeBuilder(text, singleDocument(text), new Positions(''), []).build();
  } catch (error) {
    if (error instanceof YamlMeaningError || error instanceof YAMLException) return undefined;
    throw error;
  }
}

/** The events of the text; where only the indentation inside brackets or quotes is in the way, of the text without it. */
function parse(source: SourceText, maxDepth: number): YamlText {
  try {
    return { source, events: parseEvents(source.text, { maxDepth }) };
  } catch (error) {
    if (
      !(error instanceof YAMLException) ||
      !/deficient indentation|tab characters|unexpected end of the stream/.test(error.reason)
    )
      throw error;
    const { text, shifts, unclosed, openers } = indentLoosely(source.text);
    try {
      return { source: new SourceText(source.file, text, shifts), events: parseEvents(text, { maxDepth }) };
    } catch {
      const opener = unclosed ?? openers.get(error.mark?.line ?? -1);
      if (opener === undefined) throw error;
      throw new YamlMeaningError(`the ${source.text[opener]} that is opened here is never closed`, opener);
    }
  }
}

/** The event at which the only document's content begins. */
function singleDocument(text: YamlText): number {
  const second = text.events.length === 0 ? 0 : afterNode(text.events, 0);
  if (text.events[1] === undefined || text.events[0]?.type !== EVENT_ID.DOCUMENT)
    throw new YamlMeaningError('the manifest is empty', 0);
  const event = text.events[second] as Event | undefined;
  if (event !== undefined)
    throw new YamlMeaningError(
      'a manifest is one YAML document, and a second one begins here',
      secondStart(text, second),
    );
  return 1;
}

function secondStart(text: YamlText, document: number): number {
  return text.events[document + 1] === undefined ? 0 : startOf(text, document + 1);
}

/** YAML's own complaints in words for someone who does not know its grammar. */
const REASONS: readonly [RegExp, string][] = [
  [/tab/i, 'a tab is used for indentation, where YAML takes spaces only'],
  [/deficient indentation/, 'a [ or { that was opened before is not closed before this line'],
  [/nesting exceeded/i, 'the nesting here is deeper than is taken'],
  [/unexpected end of the stream within a (single|double) quoted/, 'a quote is opened here or before and never closed'],
  [
    /bad indentation of a mapping entry/,
    'the indentation of this line fits no line before it, or a value with ": " in it lacks quotes',
  ],
  [/bad indentation of a sequence entry/, 'the indentation of this list entry fits no entry before it'],
  [
    /end of the stream or a document separator is expected/,
    'this line does not belong to the mapping before it: check its indentation, and the quotes of the value above',
  ],
  [/can not read a block mapping entry|implicit mapping|implicit key/i, 'this line should read "key: value"'],
  [/unidentified alias/, 'this alias names no anchor'],
  [/null byte/, 'the text holds a null byte'],
  [/non-printable/, 'the text holds a character that YAML does not take'],
];

function plainReason(error: YAMLException, input: string): string {
  const offset = error.mark?.position ?? 0;
  const met = input[offset];
  if (met === '@' || met === '`') return `a value that begins with ${met} must be quoted`;
  if (met === '%') return 'a value that begins with % must be quoted';
  const known = REASONS.find(([pattern]) => pattern.test(error.reason));
  return `the YAML does not parse: ${known?.[1] ?? error.reason}`;
}

function nameOf(value: Json): string {
  if (value === null) return 'empty';
  return Array.isArray(value) ? 'a list' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** A copy of a parsed manifest with JSON values only; undefined when it is too deep (or turns in a circle). */
function takeParsed(input: JsonObject, depthMax: number): JsonObject | undefined {
  let tooDeep = false;
  const copy = (value: Json | undefined, depth: number): Json => {
    if (depth > depthMax) tooDeep = true;
    if (tooDeep || value === undefined) return null;
    if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
    if (!isObject(value)) return value;
    const object: JsonObject = {};
    for (const key of Object.keys(value)) if (value[key] !== undefined) put(object, key, copy(value[key], depth + 1));
    return object;
  };
  const tree = copy(input, 0) as JsonObject;
  return tooDeep ? undefined : tree;
}
