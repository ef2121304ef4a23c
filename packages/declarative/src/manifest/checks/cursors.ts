import type { Json, JsonObject } from '@tidemark/protocol';
import type { CheckContext, Site } from '../check-context.js';
import type { Path } from '../positions.js';
import { isFalsy, isObject, own } from '../tree.js';
import { formatDoubt, formatProblem, isDuration, readsAs } from './datetime-formats.js';
import { constantText, each, hasCustomCode, isTemplate, mentions, routers } from './stream-facts.js';

const DURATIONS: Readonly<Record<string, readonly string[]>> = {
  DatetimeBasedCursor: ['step', 'cursor_granularity', 'lookback_window'],
  SessionTokenAuthenticator: ['expiration_duration'],
  Rate: ['interval'],
  StateDelegatingStream: ['api_retention_period'],
  RequestWindowSplitting: ['min_split_window'],
  RateLimitedMultipleTokenAuthenticator: ['max_wait_time'],
};

/** Durations that are none. */
export function checkDurations(context: CheckContext, site: Site): void {
  for (const field of DURATIONS[site.type] ?? []) {
    const text = constantText(site.node, field);
    if (text === undefined || text === '' || isDuration(text)) continue;
    context.say(
      [...site.path, field],
      'bad-duration',
      `'${field}' must be an ISO 8601 duration such as P1D or PT1H, and this is '${text}'`,
    );
  }
}

/** Formats that are none, and constant datetimes that do not fit theirs. */
export function checkFormats(context: CheckContext, site: Site): void {
  const reads = own(site.node, 'cursor_datetime_formats');
  const hasReads = Array.isArray(reads) && reads.length > 0;
  checkFormat(context, site.node.datetime_format, [...site.path, 'datetime_format'], hasReads);
  if (Array.isArray(reads))
    reads.forEach((format, i) => {
      checkFormat(context, format, [...site.path, 'cursor_datetime_formats', i], false);
    });
  if (site.type === 'MinMaxDatetime')
    checkMoments(context, site, ['datetime', 'min_datetime', 'max_datetime'], inheritedFormat(site));
  else if (site.type === 'DatetimeBasedCursor')
    checkMoments(context, site, ['start_datetime', 'end_datetime'], constantText(site.node, 'datetime_format'));
}

function checkFormat(context: CheckContext, format: Json | undefined, path: Path, isOnlyWritten: boolean): void {
  if (typeof format !== 'string' || format === '' || isTemplate(format)) return;
  const problem = formatProblem(format);
  if (problem && !(problem.isWriteOnly && isOnlyWritten)) {
    context.say(path, 'bad-datetime-format', problem.message, { severity: problem.isWriteOnly ? 'warning' : 'error' });
  }
  const doubt = problem ? undefined : formatDoubt(format);
  if (doubt) context.warn(path, 'doubtful-datetime-format', doubt);
}

/** A MinMaxDatetime without a format of its own takes that of the cursor around it. */
function inheritedFormat(site: Site): string | undefined {
  if (!isFalsy(own(site.node, 'datetime_format'))) return constantText(site.node, 'datetime_format');
  return site.parent?.type === 'DatetimeBasedCursor' ? constantText(site.parent.node, 'datetime_format') : undefined;
}

function checkMoments(context: CheckContext, site: Site, fields: readonly string[], format: string | undefined): void {
  if (format === undefined || format === '' || formatProblem(format)) return;
  for (const field of fields) {
    const text = constantText(site.node, field);
    if (text === undefined || text === '' || readsAs(text, format) !== false) continue;
    context.say(
      [...site.path, field],
      'datetime-mismatch',
      `'${field}' is '${text}', which does not fit its format '${format}'`,
    );
  }
}

/** A step without granularity, or the other way round. */
export function checkStep(context: CheckContext, site: Site): void {
  const hasStep = !isFalsy(own(site.node, 'step'));
  const hasGranularity = !isFalsy(own(site.node, 'cursor_granularity'));
  if (hasStep === hasGranularity) return;
  const [given, missing] = hasStep ? ['step', 'cursor_granularity'] : ['cursor_granularity', 'step'];
  context.say(
    [...site.path, given],
    'step-without-granularity',
    `'${given}' is given without '${missing}', and each needs the other`,
    { atKey: true },
  );
}

const INTERVAL = /\bstream_(?:interval|slice|state)\b/;

/** An incremental stream that never tells the API where to go on reads everything, every time. */
export function checkCursorSent(context: CheckContext, site: Site): void {
  const cursor = own(site.node, 'incremental_sync');
  if (!isObject(cursor) || cursor.type !== 'DatetimeBasedCursor' || !isObject(site.node.retriever)) return;
  if (isInjected(cursor) || hasCustomCode(site.node)) return;
  const { partition_router: router, ...rest } = site.node.retriever as JsonObject;
  if (mentions(rest, INTERVAL) || hasIncrementalParent(router)) return;
  const message =
    'no request says from when to read: the cursor has no start_time_option or end_time_option, and no request uses stream_interval';
  context.warn([...site.path, 'incremental_sync'], 'cursor-unsent', message, { atKey: true });
}

function isInjected(cursor: JsonObject): boolean {
  return ['start_time_option', 'end_time_option', 'is_client_side_incremental', 'is_data_feed'].some(
    (field) => !isFalsy(own(cursor, field)),
  );
}

function hasIncrementalParent(router: Json | undefined): boolean {
  return routers(router).some((one) =>
    each(own(one, 'parent_stream_configs')).some((config) => config.incremental_dependency === true),
  );
}
