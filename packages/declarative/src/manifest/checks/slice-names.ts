import type { JsonObject } from '@tidemark/protocol';
import type { Site } from '../check-context.js';
import { isObject, own } from '../tree.js';
import { child, constantText, each, hasCustomCode, isTemplate, routers } from './stream-facts.js';

/** The names under which a template finds the slice at hand. */
export const SLICE_NAMES = ['stream_slice', 'stream_partition', 'stream_interval'] as const;
/** Fields that every slice has, whatever it was made by. */
export const OF_EVERY_SLICE = ['parent_slice', 'extra_fields', 'partition', 'cursor_slice'];

/** The fields that the slices of a component's stream have; undefined where that cannot be known. */
export function sliceFields(site: Site): ReadonlySet<string> | undefined {
  if (site.path.includes('schema_loader') || site.path.includes('file_uploader')) return undefined;
  const stream = streamOf(site);
  const retriever = stream && child(stream, 'retriever');
  if (!stream || retriever?.type !== 'SimpleRetriever') return undefined;
  const router = own(retriever, 'partition_router');
  const cursor = own(stream, 'incremental_sync');
  if (hasCustomCode(router ?? null) || hasCustomCode(cursor ?? null)) return undefined;
  const names = [...routerFields(router), ...(isObject(cursor) ? cursorFields(cursor) : [])];
  return names.some(isTemplate) ? undefined : new Set([...OF_EVERY_SLICE, ...names]);
}

function streamOf(site: Site): JsonObject | undefined {
  for (let above: Site | undefined = site; above; above = above.parent) {
    // A parent's key and filter are seen from the child, and a template of streams from nowhere yet.
    if (above.type === 'ParentStreamConfig' || above.type === 'DynamicDeclarativeStream') return undefined;
    if (above.type === 'DeclarativeStream') return inDynamic(above) ? undefined : above.node;
  }
  return undefined;
}

function inDynamic(site: Site): boolean {
  return site.path[0] === 'dynamic_streams';
}

function routerFields(router: Parameters<typeof routers>[0]): string[] {
  return routers(router).flatMap((one) => [
    ...texts(one, ['cursor_field']),
    ...each(own(one, 'parent_stream_configs')).flatMap((config) => texts(config, ['partition_field'])),
  ]);
}

function cursorFields(cursor: JsonObject): string[] {
  if (cursor.type !== 'DatetimeBasedCursor') return ['start', 'end', 'start_time', 'end_time'];
  const named = texts(cursor, ['partition_field_start', 'partition_field_end']);
  return ['start_time', 'end_time', ...named];
}

function texts(node: JsonObject, fields: string[]): string[] {
  return fields
    .map((field) => constantText(node, field) ?? own(node, field))
    .filter((value) => typeof value === 'string');
}
