import type { Finding } from '../dialect.js';
import type { CatalogTable } from './catalog.js';
import { name, qualified } from './sql.js';
import { grantSelect, grantStatistics } from './statements.js';

/** What a user lacks to read these tables. All of it, from what the catalog has already said. */
export function checkTables(tables: readonly CatalogTable[], user: string): Finding[] {
  const findings: Finding[] = [];
  for (const { relation, leaves } of tables) {
    if (!relation.mayRead) {
      findings.push({
        severity: 'table',
        table: relation.id,
        problem: `The user ${user} may not select from it.`,
        remedy: grantSelect(relation, user),
      });
      continue;
    }
    if (leaves.some((leaf) => leaf.oid === relation.oid && !leaf.mayRead))
      findings.push({
        severity: 'hint',
        table: relation.id,
        problem: `The user ${user} may select only some of its columns: the others are left out, and it is read by key or whole, not by row addresses.`,
        remedy: grantSelect(relation, user),
      });
    const hidden = leaves.filter((leaf) => !leaf.mayRead && leaf.oid !== relation.oid);
    if (hidden.length > 0) {
      findings.push({
        severity: 'hint',
        table: relation.id,
        problem: `The user ${user} may not select from ${hidden.length} of its partitions by themselves, so it is read by key or whole, not by row addresses.`,
        remedy: hidden
          .slice(0, 5)
          .map((leaf) => grantSelect(leaf, user))
          .join(' '),
      });
    }
  }
  return findings;
}

/** There is nothing to be seen at all. */
export function nothingToRead(schemas: readonly string[], user: string): Finding {
  const where = schemas.length > 0 ? `the schemas ${schemas.join(', ')}` : 'this database';
  const schema = schemas[0] ?? 'public';
  return {
    severity: 'blocking',
    problem: `The user ${user} sees no table in ${where}.`,
    remedy: `GRANT USAGE ON SCHEMA ${name(schema)} TO ${name(user)}; GRANT SELECT ON ALL TABLES IN SCHEMA ${name(schema)} TO ${name(user)};`,
  };
}

/** An index that a cursor column needs. */
export function indexStatement(schema: string, table: string, column: string): string {
  return `CREATE INDEX CONCURRENTLY ON ${qualified(schema, table)} (${name(column)});`;
}

/** Rows of transactions that are open for long are looked for from their begin on, which not everybody may see. */
export function sessionsHidden(user: string, tables: number): Finding {
  return {
    severity: 'hint',
    problem: `The user ${user} does not see since when transactions are open: of those that are open for more than a day, late rows of ${tables === 1 ? 'a table' : `${tables} tables`} with a time as cursor are missed.`,
    remedy: grantStatistics(user),
  };
}
