import { ConnectorError } from '@tidemark/source';
import type { Expression, Scope } from '../../component/index.js';

/** The page size that the configuration alone decides; undefined when there is none, or it reads the response. */
export function configuredPageSize(size: Expression | undefined): number | undefined {
  if (!size || size.source === '' || size.names.has('response')) return undefined;
  return evaluatedPageSize(size, {});
}

/** Throws ConnectorError (config) when the page size is no whole number. */
export function evaluatedPageSize(size: Expression, scope: Scope): number {
  const value = size.value(scope);
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new ConnectorError('config', `The page_size '${size.source}' must be a whole number.`);
}
