import type { RecordData } from '@tidemark/source';
import { compareMoments, type Moment } from './moment.js';
import type { MomentFormat } from './moment-format.js';

/**
 * Finds the highest cursor value of a page; undefined when no record has one that can be read. Texts that run from the year
 * downwards, as nearly all do, are compared as texts as long as they are of one shape, and only the highest is read.
 */
export function highestMoment(format: MomentFormat, field: string): (records: readonly RecordData[]) => Moment | undefined {
  const isDescending = format.sources.every(runsDownwards);
  return (records) => {
    const text = isDescending ? highestText(records, field) : undefined;
    return (text === undefined ? undefined : format.read(text)) ?? highestOf(records, field, format);
  };
}

function highestOf(records: readonly RecordData[], field: string, format: MomentFormat): Moment | undefined {
  let highest: Moment | undefined;
  for (const record of records) {
    const value = record[field];
    if (value === undefined || value === null) continue;
    const moment = format.read(value);
    if (moment && (!highest || compareMoments(highest, moment) < 0)) highest = moment;
  }
  return highest;
}

const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/;

/** The highest text when all have the same length, the same separators at the same places, and the same zone. */
function highestText(records: readonly RecordData[], field: string): string | undefined {
  let highest: string | undefined;
  let separators: number[] = [];
  let first = '';
  let zone = '';
  for (const record of records) {
    const value = record[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') return undefined;
    if (highest === undefined) {
      highest = first = value;
      separators = separatorsOf(value);
      zone = ZONE.exec(value)?.[0] ?? '';
      continue;
    }
    if (value.length !== first.length || !value.endsWith(zone)) return undefined;
    for (const at of separators) if (value.charCodeAt(at) !== first.charCodeAt(at)) return undefined;
    if (value > highest) highest = value;
  }
  return highest;
}

function separatorsOf(text: string): number[] {
  const found = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) found.push(at);
  }
  return found;
}

/** True when a format's parts go from the year to the second in order, each smaller than the one before. */
function runsDownwards(source: string): boolean {
  const parts = [...source.replaceAll('%_ms', '%f').matchAll(/%(.)/gs)].map((part) => part[1]).join('');
  return /^Ymd(?:H(?:M(?:S(?:f)?)?)?)?z?$/.test(parts);
}
