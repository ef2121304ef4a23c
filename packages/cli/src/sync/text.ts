import { ConnectorError } from '@tidemark/source';

/** 12345 as `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 page`, `2 pages`. */
export function counted(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}

/** Seconds as `0:07`, `12:30`, `1:02:03`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Milliseconds as `2026-11-22T07:30:11.000Z`. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds as `2026-11-22 07:30:11Z`. */
export function moment(ms: number): string {
  return iso(ms).replace('T', ' ').replace(/\.\d+/, '');
}

/** Names from an option that can be repeated and takes several separated by commas; undefined: it was not given. */
export function listed(values: readonly string[] | undefined): string[] | undefined {
  const names = values?.flatMap((value) => value.split(',').map((name) => name.trim())).filter((name) => name !== '');
  if (names?.length === 0) throw new ConnectorError('config', '--stream names no stream.');
  return names;
}
