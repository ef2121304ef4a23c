import type { Filter } from '../word.js';
import { collectionFilters } from './collections.js';
import { convertFilters } from './convert.js';
import { hashingFilters } from './hashing.js';
import { higherOrderFilters } from './higher-order.js';
import { htmlFilters } from './html.js';
import { numberFilters } from './numbers.js';
import { regexFilters } from './regex.js';
import { textFilters } from './text.js';

/** All filters, for documentation. */
export const filters: readonly Filter[] = [
  ...textFilters,
  ...collectionFilters,
  ...higherOrderFilters,
  ...numberFilters,
  ...convertFilters,
  ...regexFilters,
  ...hashingFilters,
  ...htmlFilters,
];

/** Filters by each of their names. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map(
  filters.flatMap((word) => [word.name, ...(word.aliases ?? [])].map((name) => [name, word])),
);
