import { expect, it } from 'vitest';
import { mysqlLease } from '../src/destinations/mysql/dialect.ts';
import type { SqlDatabase } from '../src/destinations/sql/sql-database.ts';

/** A connection that remembers what it was asked. */
function connection(fail = false): SqlDatabase & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async all(sql) {
      asked.push(sql);
      if (fail && asked.length === 1) throw new Error('cut');
      return [{ got: '1' }];
    },
    run: async () => undefined,
  };
}
const facts = {
  isMariaDb: false,
  version: '8',
  localInfile: true,
  packetMax: 1,
  foldsNames: false,
  logsStatements: false,
  serverId: 's',
};

it('a lease takes one named lock of its connection, however often it is renewed', async () => {
  const dialect = mysqlLease(facts);
  const first = connection();
  const ids = [await dialect.id(first), await dialect.id(first), await dialect.id(first)];
  expect(new Set(ids).size).toBe(1);
  expect(first.asked).toEqual([expect.stringMatching(/^SELECT GET_LOCK/)]);
  expect(await dialect.id(connection())).not.toBe(ids[0]);
  const broken = connection(true);
  await expect(dialect.id(broken)).rejects.toThrow('cut');
  expect(await dialect.id(broken)).toMatch(/^s#tidemark_/);
});
