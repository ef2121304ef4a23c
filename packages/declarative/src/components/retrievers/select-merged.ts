import type { RecordData } from '@tidemark/source';
import type { Scope } from '../../component/index.js';
import type { ApiResponse } from '../../http/response.js';
import type { Decoder } from '../decoders/slot.js';
import type { QueryProperties } from '../properties/slot.js';
import type { RecordSelector, Selection, SelectOptions } from '../selectors/slot.js';
import { mergePartsOfRecords } from './merge-parts-of-records.js';

interface MergeOptions extends SelectOptions {
  properties: QueryProperties;
  decoder: Decoder;
  selector: RecordSelector;
  scope: Scope;
}

/**
 * The records of a page that was asked for in several requests, put together from their parts. They are put together as
 * they came where each has its key there; else after the transformations, which may bring it. `body` is that of the last
 * answer, which knows the next page.
 */
export async function selectMerged(
  answers: readonly ApiResponse[],
  options: MergeOptions,
): Promise<Selection & { body: unknown }> {
  const { properties, decoder, selector, scope, signal, keep } = options;
  const key = (record: RecordData): string | undefined => properties.mergeKey(record);
  const parts: RecordData[][] = [];
  let body: unknown;
  let rawCount = 0;
  for (const answer of answers) {
    const records: RecordData[] = [];
    body = undefined;
    rawCount = 0;
    for await (const bodies of decoder.decode(answer)) {
      body ??= bodies[0];
      const found = await selector.extract(bodies, signal);
      for (const record of found.records) records.push(record);
      rawCount += found.count;
    }
    parts.push(records);
  }
  const whole = mergePartsOfRecords(parts, key);
  if (whole.alone.length === 0)
    return { ...(await selector.refine(whole.records, scope, { signal, keep })), rawCount, body };
  const refined: RecordData[][] = [];
  for (const part of parts) refined.push((await selector.refine(part, scope, { signal, keep })).records);
  const { records, alone } = mergePartsOfRecords(refined, key);
  const all = [...alone, ...records];
  return { records: all, rawCount, lastRecord: all.at(-1), body };
}
