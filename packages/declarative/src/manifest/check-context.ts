import type { Json, JsonObject } from '@tidemark/protocol';
import { type Diagnostic, formatPath, type Severity } from './diagnostic.js';
import type { DiagnosticCode } from './diagnostic-code.js';
import type { Path, Positions } from './positions.js';
import type { ManifestTree } from './read.js';
import { isObject, own } from './tree.js';
import type { Vocabulary } from './vocabulary.js';

/** What a finding says besides its code and message. */
export interface Say {
  severity?: Severity;
  suggestion?: string;
  /** Point into the text, so many characters from its beginning. */
  offset?: number;
  /** Point at the key rather than at its value. */
  atKey?: boolean;
}

/** A component, where it stands, and the one that holds it. */
export interface Site {
  node: JsonObject;
  type: string;
  path: Path;
  parent?: Site;
}

/** What the checks of a resolved manifest share: the tree, where all stands, and the list of what was found. */
export class CheckContext {
  readonly tree: JsonObject;
  readonly positions: Positions;
  readonly vocabulary: Vocabulary;
  readonly diagnostics: Diagnostic[] = [];

  constructor(resolved: ManifestTree, vocabulary: Vocabulary) {
    this.tree = resolved.tree;
    this.positions = resolved.positions;
    this.vocabulary = vocabulary;
  }

  /** Notes a diagnostic about the value at a path of the tree; an error unless said otherwise. */
  say(path: Path, code: DiagnosticCode, message: string, options: Say = {}): void {
    if (this.isUnresolved(path)) return;
    const { at, via } = this.positions.locate(this.tree, path, options.atKey ? 'key' : 'value', options.offset);
    const { severity = 'error', suggestion } = options;
    this.diagnostics.push({
      severity,
      code,
      message,
      at,
      path: formatPath(path),
      ...(via.length > 0 ? { via } : {}),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }

  /** Notes a warning. */
  warn(path: Path, code: DiagnosticCode, message: string, options: Omit<Say, 'severity'> = {}): void {
    this.say(path, code, message, { ...options, severity: 'warning' });
  }

  /** True when the way leads through a reference that could not be resolved: an error was said about that already. */
  isUnresolved(path: Path): boolean {
    let node: Json | undefined = this.tree;
    for (const key of path) {
      node =
        isObject(node) || Array.isArray(node) ? (own(node as JsonObject, String(key)) as Json | undefined) : undefined;
      if (isObject(node) && Object.hasOwn(node, '$ref')) return true;
      if (typeof node === 'string' && node.startsWith('#/')) return true;
    }
    return false;
  }
}

/** Fields that hold no components, whatever is in them. */
export const OPAQUE_FIELDS: ReadonlySet<string> = new Set([
  'definitions',
  'schemas',
  'metadata',
  'schema',
  'connection_specification',
  '$parameters',
  'config_overrides',
]);

/** Calls `visit` for every component of the tree, parents first. */
export function visitComponents(context: CheckContext, visit: (site: Site) => void): void {
  const { words } = context.vocabulary;
  const path: (string | number)[] = [];
  const go = (node: Json | undefined, parent: Site | undefined): void => {
    if (Array.isArray(node)) {
      node.forEach((item, i) => {
        path.push(i);
        go(item, parent);
        path.pop();
      });
      return;
    }
    if (!isObject(node)) return;
    const type = own(node, 'type');
    const site =
      typeof type === 'string' && words.has(type)
        ? { node, type, path: [...path], ...(parent ? { parent } : {}) }
        : undefined;
    if (site) visit(site);
    for (const key of Object.keys(node)) {
      const item = node[key];
      if (typeof item !== 'object' || item === null || OPAQUE_FIELDS.has(key)) continue;
      path.push(key);
      go(item, site ?? parent);
      path.pop();
    }
  };
  go(context.tree, undefined);
}
