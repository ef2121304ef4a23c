import type { Finding, ReadingSettings } from '../dialect.js';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import type { Clients } from './clients.js';
import { isStatementError, mysqlError } from './errors.js';
import { quoteName, quoteText } from './sql.js';
import type { MysqlColumn } from './types.js';

/** Everything that is missing for reading these tables. One row of each is asked for: only that shows a missing right. */
export async function checkTables(
  clients: Clients,
  settings: ReadingSettings,
  relations: readonly KeyedRelation<MysqlColumn>[],
): Promise<Finding[]> {
  const { database, user } = clients.config;
  const grantee = `${quoteText(user)}@'%'`;
  if (relations.length === 0) {
    const where = settings.schemas.length > 0 ? settings.schemas : [database];
    return [
      {
        severity: 'blocking',
        problem: `The user ${user} sees no table in ${where.join(', ')}.`,
        remedy: where.map((schema) => `GRANT SELECT, SHOW VIEW ON ${quoteName(schema)}.* TO ${grantee};`).join(' '),
      },
    ];
  }
  const findings: Finding[] = [];
  for (const relation of relations) {
    const problem = await whyUnreadable(clients, relation);
    if (problem !== undefined) {
      const remedy = `GRANT SELECT ON ${quoteName(relation.schema)}.${quoteName(relation.name)} TO ${grantee};`;
      findings.push({ severity: 'table', table: relationId(relation), problem, remedy });
    } else if (relation.notResumable !== undefined) {
      findings.push({
        severity: 'hint',
        table: relationId(relation),
        problem: `A load that is broken off begins anew: ${relation.notResumable}.`,
      });
    }
  }
  return findings;
}

async function whyUnreadable(clients: Clients, relation: KeyedRelation<MysqlColumn>): Promise<string | undefined> {
  try {
    await clients.query(`SELECT 1 FROM ${quoteName(relation.schema)}.${quoteName(relation.name)} LIMIT 1`);
    return undefined;
  } catch (error) {
    const failure = mysqlError(error, 'Reading a row of it');
    if (!isStatementError(error)) throw failure;
    return failure.message;
  }
}
