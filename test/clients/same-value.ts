import { canonical, Decimal, type Json, parseJson } from '@tidemark/protocol';

/** Whether a value that somebody read back from a database as text is the one that the source sent. */
export function sameValue(sent: Json | undefined, read: string | null | undefined): boolean {
  if (sent === null || sent === undefined) return read === null || read === undefined;
  if (read === null || read === undefined) return false;
  if (typeof sent === 'boolean') return (sent ? ['true', 't', '1'] : ['false', 'f', '0']).includes(read);
  if (typeof sent === 'number' || typeof sent === 'bigint' || Decimal.is(sent)) return sameNumber(String(sent), read);
  if (typeof sent === 'string') return read === sent || asJson(read) === sent || sameMoment(sent, read);
  const json = asJson(read);
  return json !== undefined && canonical(json) === canonical(sent);
}

function sameNumber(sent: string, read: string): boolean {
  const isWhole = /^-?\d+$/.test(sent) && /^-?\d+$/.test(read);
  return isWhole ? BigInt(sent) === BigInt(read) : read.trim() !== '' && Number(sent) === Number(read);
}

function asJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const MOMENT = /^(?:(\d{4}-\d\d-\d\d)[T ])?(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Moments with a zone as instants, others as they are; no zone in a database means UTC. */
function sameMoment(sent: string, read: string): boolean {
  const a = MOMENT.exec(sent);
  const b = MOMENT.exec(read);
  return a !== null && b !== null && fraction(a) === fraction(b) && instant(a) === instant(b);
}

function fraction([, , , digits = '']: RegExpExecArray): string {
  return digits.replace(/0+$/, '');
}

function instant([, date = '2000-01-01', time, , zone = 'Z']: RegExpExecArray): number {
  const full = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone;
  return Date.parse(`${date}T${time}${full}`);
}
