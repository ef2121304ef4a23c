import type { Json, JsonObject } from '@tidemark/protocol';
import { type Diagnostic, formatPath, formatPlace } from './diagnostic.js';
import type { DiagnosticCode } from './diagnostic-code.js';
import type { Edge, Positions } from './positions.js';
import type { ManifestTree } from './read.js';
import { lookUp, type Target } from './reference-target.js';
import { isObject, own, put } from './tree.js';

/** These fields hold values for a connector's config: a text like `#/x` in them is that text. */
const OPAQUE_FIELDS = new Set(['config_overrides']);
/** Below these keys a `$ref` may be JSON Schema's own and mean nothing to the manifest. */
const SCHEMA_FIELDS = new Set(['schema', 'schemas', 'properties', 'connection_specification', 'items']);
/** References multiply: a few lines can mean billions of nodes. So many are taken; the largest real manifest has a tenth. */
const NODES_MAX = 3_000_000;
const DEPTH_MAX = 400;

/** What a node becomes; without one it stays as it is. */
interface Change {
  value: Json;
  /** Set when the value stands elsewhere. */
  edge?: Edge;
}
interface Size {
  nodes: number;
  depth: number;
}
interface Followed {
  value: Json;
  target: Target;
}

/**
 * Puts what each `$ref` names in its place. `{$ref: …, key: …}` takes the named mapping with the keys beside it on top; a
 * text that begins with `#/` is a reference wherever a value can stand. Names are looked up in the manifest as it was
 * written. What is named often is shared, not copied.
 */
export function resolveReferences(read: ManifestTree): ManifestTree {
  const resolver = new Resolver(read.tree, read.positions);
  return {
    tree: resolver.run(),
    positions: read.positions,
    diagnostics: [...read.diagnostics, ...resolver.diagnostics],
  };
}

class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  readonly #root: JsonObject;
  readonly #positions: Positions;
  readonly #followed = new Map<string, Followed | string>();
  readonly #sizes = new WeakMap<object, Size>();
  readonly #open = new Map<string, { holder: object; key: string }>();
  #path: (string | number)[] = [];
  #depth = 0;
  #nodes = 0;
  #isFull = false;

  constructor(root: JsonObject, positions: Positions) {
    this.#root = root;
    this.#positions = positions;
  }

  run(): JsonObject {
    const value = this.#collection(this.#root)?.value ?? this.#root;
    return isObject(value) ? value : {};
  }

  #entry(holder: object, key: string, item: Json | undefined): Change | undefined {
    if (typeof item === 'string') return item.startsWith('#/') ? this.#reference(item, holder, key) : undefined;
    if (typeof item !== 'object' || item === null) return undefined;
    this.#path.push(Array.isArray(holder) ? Number(key) : key);
    this.#depth++;
    const change = this.#depth > DEPTH_MAX ? this.#refuseDepth(holder, key) : this.#collection(item);
    this.#depth--;
    this.#path.pop();
    return change;
  }

  #collection(node: Json): Change | undefined {
    if (Array.isArray(node)) return this.#values(node, node.keys(), () => [...node]);
    if (!isObject(node)) return undefined;
    const change = this.#values(node, Object.keys(node), () => ({ ...node }));
    return Object.hasOwn(node, '$ref') ? this.#splice(node, (change?.value ?? node) as JsonObject) : change;
  }

  #values(
    node: JsonObject | Json[],
    keys: Iterable<string | number>,
    copyOf: () => JsonObject | Json[],
  ): Change | undefined {
    let copy: JsonObject | undefined;
    for (const key of keys) {
      if (key === '$ref' || OPAQUE_FIELDS.has(key as string)) continue;
      const change = this.#entry(node, String(key), (node as JsonObject)[key]);
      if (!change) continue;
      if (copy === undefined) {
        copy = copyOf() as JsonObject;
        this.#positions.derive(copy, node);
      }
      put(copy, String(key), change.value);
      if (change.edge) this.#positions.link(copy, String(key), change.edge);
    }
    return copy && { value: copy };
  }

  #reference(reference: string, holder: object, key: string): Change | undefined {
    const followed = this.#follow(reference, holder, key);
    return followed && { value: followed.value, edge: { ...followed.target, by: { holder, key } } };
  }

  /** `{$ref: …}`, with or without keys beside it (those of `fields`, where they are resolved already). */
  #splice(node: JsonObject, fields: JsonObject): Change | undefined {
    const reference = own(node, '$ref') as Json;
    const change = this.#entry(node, '$ref', reference);
    const isBad =
      typeof reference === 'string' && (reference.startsWith('#/') ? !change : this.#sayNoReference(reference, node));
    // What is not resolved keeps its `$ref`, by which later rooms know to say nothing more.
    if (isBad) return fields === node ? undefined : { value: fields };
    const value = change ? change.value : reference;
    const keys = Object.keys(fields).filter((key) => key !== '$ref');
    if (!isObject(value)) {
      if (keys.length > 0 && change) this.#sayDropped(node, keys, reference);
      return { value, edge: change?.edge ?? { holder: node, key: '$ref' } };
    }
    if (keys.length === 0) return { value, ...(change?.edge ? { edge: change.edge } : {}) };
    return { value: this.#overlay(node, fields, keys, value) };
  }

  #overlay(node: JsonObject, fields: JsonObject, keys: string[], base: JsonObject): JsonObject {
    const merged: JsonObject = { ...base };
    this.#positions.derive(merged, fields);
    for (const key of Object.keys(base))
      this.#positions.link(merged, key, { holder: base, key, by: { holder: node, key: '$ref' } });
    for (const key of keys) {
      put(merged, key, fields[key]);
      this.#positions.unlink(merged, key);
    }
    return merged;
  }

  #follow(reference: string, holder: object, key: string): Followed | undefined {
    if (this.#isFull) return undefined;
    let followed = this.#followed.get(reference);
    if (followed === undefined) {
      if (this.#open.has(reference)) return this.#sayCycle(reference, holder, key);
      followed = this.#resolve(reference, holder, key);
      this.#followed.set(reference, followed);
    }
    if (typeof followed === 'string') return this.#sayMissing(reference, followed, holder, key);
    const size = this.#measure(followed.value);
    this.#nodes += size.nodes;
    if (this.#depth + size.depth > DEPTH_MAX) return this.#refuseDepth(holder, key);
    if (this.#nodes <= NODES_MAX) return followed;
    this.#isFull = true;
    return this.#say(
      'reference-size',
      `the references up to here make a manifest of more than ${NODES_MAX} nodes`,
      holder,
      key,
    );
  }

  /** What a reference names, itself resolved; or, where it names nothing, the nearest reference that does (or ''). */
  #resolve(reference: string, holder: object, key: string): Followed | string {
    const { target, value, nearest } = lookUp(reference, this.#root);
    if (!target) return nearest ?? '';
    this.#open.set(reference, { holder, key });
    const path = this.#path;
    this.#path = reference.slice(2).split('/');
    const change =
      target.key === undefined ? this.#collection(value as Json) : this.#entry(target.holder, target.key, value);
    this.#path = path;
    this.#open.delete(reference);
    if (!change) return { value: value as Json, target };
    if (!change.edge || target.key === undefined) return { value: change.value, target };
    // The target is a reference too: a stand-in for its holder remembers where the value came from in turn.
    const standIn = {};
    this.#positions.derive(standIn, target.holder);
    this.#positions.link(standIn, target.key, change.edge);
    return { value: change.value, target: { holder: standIn, key: target.key } };
  }

  #measure(value: Json | undefined): Size {
    if (typeof value !== 'object' || value === null) return { nodes: 1, depth: 0 };
    const known = this.#sizes.get(value);
    if (known) return known;
    const size = { nodes: 1, depth: 1 };
    for (const item of Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []) {
      const inner = this.#measure(item);
      size.nodes += inner.nodes;
      size.depth = Math.max(size.depth, inner.depth + 1);
    }
    this.#sizes.set(value, size);
    return size;
  }

  #sayMissing(reference: string, near: string, holder: object, key: string): undefined {
    this.#say(
      'reference-missing',
      `the reference '${reference}' names nothing in this manifest`,
      holder,
      key,
      near === '' ? undefined : near,
    );
  }

  #sayCycle(reference: string, holder: object, key: string): undefined {
    const open = [...this.#open];
    const chain = open.slice(open.findIndex(([name]) => name === reference));
    const steps = chain.map(
      ([name, site]) => `${name} (at ${formatPlace(this.#positions.place(site.holder, site.key))})`,
    );
    this.#say(
      'reference-cycle',
      `the reference leads back to itself: ${steps.join(' → ')} → ${reference}`,
      holder,
      key,
    );
  }

  #refuseDepth(holder: object, key: string): undefined {
    this.#say('reference-depth', `the manifest is nested deeper than ${DEPTH_MAX} levels here`, holder, key);
  }

  /** True when this is a mistake, and said. */
  #sayNoReference(reference: string, node: JsonObject): boolean {
    if (this.#path.some((segment) => SCHEMA_FIELDS.has(String(segment)))) return false;
    const { target, nearest } = lookUp(`#/${reference.replace(/^[#/]+/, '')}`, this.#root);
    const meant = target ? `#/${reference.replace(/^[#/]+/, '')}` : nearest;
    this.#say('reference-form', `the reference '${reference}' must begin with '#/'`, node, '$ref', meant);
    return true;
  }

  #sayDropped(node: JsonObject, keys: string[], reference: Json): void {
    const message = `'${String(reference)}' is not a mapping, so ${keys.map((key) => `'${key}'`).join(', ')} beside it counts for nothing`;
    this.#say('reference-override', message, node, '$ref', undefined, 'warning');
  }

  #say(
    code: DiagnosticCode,
    message: string,
    holder: object,
    key: string,
    suggestion?: string,
    severity: Diagnostic['severity'] = 'error',
  ): undefined {
    const path = formatPath(this.#path);
    this.diagnostics.push({
      severity,
      code,
      message,
      at: this.#positions.place(holder, key),
      path,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
}
