import { ConnectorError } from '@tidemark/source';
import type { Expression } from '../../component/index.js';

/** A number from a text that holds nothing else, or from a number; undefined from anything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}

/** The finite number that a template gives. Throws ConnectorError (config) when it gives something else. */
export function evaluateNumber(template: Expression, what: string): number {
  const number = numberOf(template.evaluate());
  if (number === undefined || !Number.isFinite(number))
    throw new ConnectorError('config', `${what} does not give a number: ${template.source}`);
  return number;
}

/** Adds up to twice the range, at random, so that clients which failed together do not come back together. */
export function jittered(seconds: number, range: number | undefined): number {
  return range === undefined ? seconds : seconds + Math.random() * 2 * range;
}

/** Throws ConnectorError (transient) when the wait is as long as the most that the strategy allows, or longer. */
export function capped(seconds: number, cap: Expression | undefined): number {
  if (cap === undefined) return seconds;
  const max = evaluateNumber(cap, 'max_waiting_time_in_seconds');
  if (seconds < max) return seconds;
  throw new ConnectorError(
    'transient',
    `The API asks to wait ${Math.ceil(seconds)} s, and the connector allows less than ${max} s (max_waiting_time_in_seconds).`,
  );
}
