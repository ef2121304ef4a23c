import { describe } from 'vitest';
import { describeBooks } from './testing/books.js';
import { describeDedup } from './testing/dedup.js';
import type { DestinationHarness } from './testing/harness.js';
import { describeLeases } from './testing/leases.js';
import { describeNames } from './testing/names.js';
import { describeReplacing } from './testing/replacing.js';
import { describeSchemas } from './testing/schemas.js';
import { describeGenerations, describeTransactions } from './testing/transactions.js';
import { describeValues } from './testing/values.js';

export type { DestinationHarness, ReadRow } from './testing/harness.js';

/** The suite that every destination must pass: against the real thing, read back by somebody who knows nothing of us. */
export function describeDestination(name: string, harness: DestinationHarness): void {
  describe(`destination ${name}`, () => {
    describeTransactions(harness);
    describeGenerations(harness);
    describeValues(harness);
    describeSchemas(harness);
    describeNames(harness);
    describeDedup(harness);
    describeReplacing(harness);
    describeBooks(harness);
    describeLeases(harness);
  });
}
