import type { Json, JsonObject } from '@tidemark/protocol';
import { nearest } from './suggestion.js';
import { isObject } from './tree.js';

/** Where a reference leads: a key of a holder, or (`#/`) the holder itself. */
export interface Target {
  holder: object;
  key?: string;
}

/** What a reference names; without a target, the nearest reference that names something. */
export interface Found {
  target?: Target;
  value?: Json;
  nearest?: string;
}

/**
 * Looks up `#/a/b/c`. A key may hold slashes: at each level the whole rest is tried as one key first, then its first
 * part. A number is an index in a list, counted from the end when it is negative.
 */
export function lookUp(reference: string, root: JsonObject): Found {
  let rest = reference.slice(2).split('\n', 1)[0] as string;
  if (rest === '') return { target: { holder: root }, value: root };
  let node: Json = root;
  let known = '#';
  for (;;) {
    const whole = step(node, rest);
    if (whole) return whole;
    const slash = rest.indexOf('/');
    const head = slash < 0 ? rest : rest.slice(0, slash);
    const next = step(node, head);
    if (!next) return { nearest: suggest(node, head, slash < 0 ? '' : rest.slice(slash), known, root) };
    rest = slash < 0 ? '' : rest.slice(slash + 1);
    if (rest === '') return next;
    known += `/${head}`;
    node = next.value as Json;
  }
}

function step(node: Json, key: string): Found | undefined {
  if (isObject(node))
    return Object.hasOwn(node, key) ? { target: { holder: node, key }, value: node[key] as Json } : undefined;
  if (!Array.isArray(node) || !/^-?\d{1,9}$/.test(key)) return undefined;
  const index = Number(key) < 0 ? node.length + Number(key) : Number(key);
  return node[index] === undefined ? undefined : { target: { holder: node, key: String(index) }, value: node[index] };
}

/** The nearest key at the level where the way ends; failing that, the same name under `definitions` or deeper in it. */
function suggest(node: Json, head: string, rest: string, known: string, root: JsonObject): string | undefined {
  const keys = isObject(node) ? Object.keys(node) : [];
  const near = nearest(head, keys);
  if (near !== undefined && leads(`${known}/${near}${rest}`, root)) return `${known}/${near}${rest}`;
  const last = (rest === '' ? head : rest).split('/').pop() as string;
  const places = ['#/definitions', ...childPaths(root, 'definitions')].map((place) => `${place}/${last}`);
  return places.find((place) => leads(place, root)) ?? (near === undefined ? undefined : `${known}/${near}`);
}

function childPaths(root: JsonObject, name: string): string[] {
  const node = Object.hasOwn(root, name) ? root[name] : undefined;
  return isObject(node) ? Object.keys(node).map((key) => `#/${name}/${key}`) : [];
}

function leads(reference: string, root: JsonObject): boolean {
  let node: Json | undefined = root;
  for (const key of reference.slice(2).split('/')) {
    if (!isObject(node) || !Object.hasOwn(node, key)) return false;
    node = node[key];
  }
  return true;
}
