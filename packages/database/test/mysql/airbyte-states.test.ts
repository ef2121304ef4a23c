import type { JsonObject } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { asAirbyte, loaded } from '../airbyte/log-states.js';
import { lastState, readLog } from '../log-reading.js';
import { column, open, readStream, run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: states of Airbyte`, (server) => {
    it('of a load by the key are gone on from, and nothing is read twice', async () => {
      await run(
        server(),
        'CREATE TABLE ab_load (id INT PRIMARY KEY)',
        'INSERT INTO ab_load VALUES (1),(2),(3),(4),(5)',
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none' } });
      const state = { version: 2, state_type: 'primary_key', pk_name: 'id', pk_val: '3', incremental_state: {} };
      const states = new Map([[`${server().database}\0ab_load`, state as JsonObject]]);
      const { sent, errors } = await readStream(connection, 'ab_load', { states });
      expect(errors).toEqual([]);
      expect(column(sent, 'id')).toEqual([4, 5]);
      await connection.close();
    });

    it('of the binlog are gone on from, by file or by transactions, whatever their history is', async () => {
      await run(
        server(),
        'CREATE TABLE ab_done (id INT PRIMARY KEY)',
        'CREATE TABLE ab_half (id INT PRIMARY KEY)',
        'INSERT INTO ab_done VALUES (1)',
        'INSERT INTO ab_half VALUES (1),(2),(3)',
      );
      const { database } = server();
      const [status] = await run(server(), 'SHOW MASTER STATUS');
      const { File: file, Position: pos } = status!;
      const gtids = String(status!.Executed_Gtid_Set ?? '');
      await run(
        server(),
        'INSERT INTO ab_done VALUES (2)',
        'DELETE FROM ab_half WHERE id = 1',
        'DELETE FROM ab_done WHERE id = 1',
      );
      const streams = [{ name: 'ab_done' }, { name: 'ab_half' }];
      const { connection } = await open(flavour, server(), { reading: { method: 'log' }, streams });
      const key = `["${database}",{"server":"${database}"}]`;
      const go = async (offset: JsonObject, more: JsonObject = {}) => {
        const shared = { state: { mysql_cdc_offset: { [key]: JSON.stringify(offset) }, ...more } };
        const after = asAirbyte(shared, [
          { name: 'ab_done', namespace: database, state: loaded('ab_done', database) },
          { name: 'ab_half', namespace: database, state: { pk_name: 'id', pk_val: '2', state_type: 'primary_key' } },
        ]);
        const got = await readLog(connection, { after, streams: ['ab_done', 'ab_half'] });
        const idsOf = (stream: string) =>
          got.sent.flatMap((each) => (each.kind === 'record' && each.stream === stream ? [each.record.id] : []));
        return got.errors[0] ?? [idsOf('ab_done'), idsOf('ab_half'), lastState(got)?.shared.dialect];
      };
      const whole = [[2, 1], [1, 3], flavour];
      const offset = { transaction_id: null, ts_sec: 1, file: String(file), pos: Number(pos) };
      expect(await go(offset, { mysql_db_history: 'H4sIAAAA', is_compressed: true })).toEqual(whole);
      expect(await go({ ...offset, row: 1, event: 2, server_id: 5 }, { mysql_db_history: '' })).toEqual(whole);
      if (gtids !== '') expect(await go({ ...offset, file: 'binlog.999999', gtids })).toEqual(whole);
      expect(await go({ ...offset, file: 'gone.000000' })).toContain('has purged the file gone.000000');
      expect(await go({ ts_sec: 1 })).toContain("it has no 'file' and 'pos'");
      await connection.close();
    });
  });
}
