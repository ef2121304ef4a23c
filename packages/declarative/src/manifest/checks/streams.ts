import type { Json, JsonObject } from '@tidemark/protocol';
import type { CheckContext, Site } from '../check-context.js';
import { nearest } from '../suggestion.js';
import { isObject, own } from '../tree.js';
import { list } from '../words.js';
import {
  addedNames,
  child,
  constantText,
  each,
  hasCustomCode,
  isTemplate,
  mentions,
  routers,
  schemaNames,
} from './stream-facts.js';

/** Streams that share a name, and a `check` of streams that are not there. */
export function checkSource(context: CheckContext): void {
  const { tree } = context;
  const streams: readonly (Json | undefined)[] = Array.isArray(tree.streams) ? tree.streams : [];
  const names = new Map<string, number>();
  streams.forEach((stream, i) => {
    const name = isObject(stream) ? streamName(stream) : undefined;
    if (name === undefined) return;
    if (names.has(name))
      context.warn(
        ['streams', i, 'name'],
        'duplicate-stream',
        `a second stream is named '${name}', and a catalog can only hold one`,
      );
    else names.set(name, i);
  });
  checkStreamNames(context, names);
}

/** A stream's name; that of a stream in two variants is the variant's. */
function streamName(stream: JsonObject): string | undefined {
  return (
    constantText(stream, 'name') ??
    (child(stream, 'full_refresh_stream') && constantText(child(stream, 'full_refresh_stream') as JsonObject, 'name'))
  );
}

function checkStreamNames(context: CheckContext, names: Map<string, number>): void {
  const check = child(context.tree, 'check');
  const asked = check && own(check, 'stream_names');
  const conditional = each(own(context.tree, 'streams')).some((stream) => streamName(stream) === undefined);
  if (!Array.isArray(asked) || conditional || each(own(context.tree, 'dynamic_streams')).length > 0) return;
  asked.forEach((name, i) => {
    if (typeof name !== 'string' || isTemplate(name) || names.has(name)) return;
    const suggestion = nearest(name, names.keys());
    const message = `check names the stream '${name}', which does not exist (streams: ${list(names.keys())})`;
    context.say(
      ['check', 'stream_names', i],
      'unknown-stream',
      message,
      suggestion === undefined ? {} : { suggestion },
    );
  });
}

/** Keys and cursors of a stream that its own schema does not know. */
export function checkStream(context: CheckContext, site: Site): void {
  const names = schemaNames(site.node);
  if (!names) return;
  checkPrimaryKey(context, site, names);
  const cursor = child(site.node, 'incremental_sync');
  const field = cursor && constantText(cursor, 'cursor_field');
  if (field === undefined || field === '' || names.has(field.split('.')[0] as string) || names.has(field)) return;
  const suggestion = nearest(field, names);
  const message = `the cursor field '${field}' is not in the stream's schema`;
  context.warn(
    [...site.path, 'incremental_sync', 'cursor_field'],
    'cursor-not-in-schema',
    message,
    suggestion === undefined ? {} : { suggestion },
  );
}

function checkPrimaryKey(context: CheckContext, site: Site, names: Set<string>): void {
  const key = own(site.node, 'primary_key');
  const entries: [path: (string | number)[], name: unknown][] = Array.isArray(key)
    ? key.map((part, i) => (Array.isArray(part) ? [[i, 0], part[0]] : [[i], part]))
    : [[[], key]];
  for (const [path, name] of entries) {
    if (typeof name !== 'string' || name === '' || isTemplate(name) || names.has(name)) continue;
    const suggestion = nearest(name, names);
    const message = `the primary key '${name}' is not in the stream's schema`;
    context.warn(
      [...site.path, 'primary_key', ...path],
      'key-not-in-schema',
      message,
      suggestion === undefined ? {} : { suggestion },
    );
  }
}

/** Parents of a substream: the key that is read from them, and a dependency that nothing feeds. */
export function checkParent(context: CheckContext, site: Site): void {
  const parent = child(site.node, 'stream');
  if (!parent) return;
  const variants =
    parent.type === 'StateDelegatingStream'
      ? [child(parent, 'full_refresh_stream'), child(parent, 'incremental_stream')]
      : [parent];
  checkParentKey(context, site, variants[0] ?? parent);
  const isIncremental = variants.some((variant) => variant && own(variant, 'incremental_sync'));
  if (own(site.node, 'incremental_dependency') === true && !isIncremental) {
    const name = constantText(parent, 'name') ?? 'parent';
    const message = `incremental_dependency has no effect, for the parent stream '${name}' has no incremental_sync`;
    context.warn([...site.path, 'incremental_dependency'], 'inert-dependency', message);
  }
}

function checkParentKey(context: CheckContext, site: Site, parent: JsonObject): void {
  const key = constantText(site.node, 'parent_key');
  const names = schemaNames(parent);
  const added = addedNames(parent);
  if (key === undefined || !names || !added) return;
  const first = key.split('/')[0] as string;
  if (names.has(first) || names.has(key) || added.has(first)) return;
  const suggestion = nearest(first, names);
  const message = `the parent key '${key}' is not in the schema of the stream '${constantText(parent, 'name') ?? 'parent'}'`;
  context.warn(
    [...site.path, 'parent_key'],
    'parent-key-unknown',
    message,
    suggestion === undefined ? {} : { suggestion },
  );
}

const SLICE = /\bstream_(?:partition|slice)\b/;

/** A partition router whose values reach no request: every partition would read the same. */
export function checkPartitionsSent(context: CheckContext, site: Site): void {
  const { partition_router: router, ...rest } = site.node;
  if (site.type !== 'SimpleRetriever' || !isObject(router)) return;
  const all = routers(router);
  if (
    all.some((one) => usesOption(one) || Object.hasOwn(one, 'class_name')) ||
    mentions(rest, SLICE) ||
    hasCustomCode(rest)
  )
    return;
  context.warn(
    [...site.path, 'partition_router'],
    'partition-unsent',
    "no request uses the partition: neither a request_option nor 'stream_partition' in the requester",
    { atKey: true },
  );
}

function usesOption(router: JsonObject): boolean {
  if (Object.hasOwn(router, 'request_option')) return true;
  return each(own(router, 'parent_stream_configs')).some(
    (config) => Object.hasOwn(config, 'request_option') || Object.hasOwn(config, 'lazy_read_pointer'),
  );
}
