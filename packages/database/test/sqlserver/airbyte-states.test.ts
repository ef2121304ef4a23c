import type { JsonObject } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { lsnInParts } from '../../src/sqlserver/lsn.js';
import { asAirbyte, loaded } from '../airbyte/log-states.js';
import { lastState, readLog } from '../log-reading.js';
import { CdcServer, connect } from './cdc-server.js';

it('a state of Airbyte’s SQL Server source is gone on from: the transaction that it names comes again', async () => {
  const server = new CdcServer();
  for (const name of ['done', 'half', 'fresh']) {
    server.table(
      name,
      ['id', 'name'],
      [1, 2, 3].map((id) => ({ id: String(id), name: null })),
    );
    server.enable(name);
  }
  server.commit({ table: 'done', put: { id: '4', name: null } });
  server.capture();
  const commit = lsnInParts(server.max!);
  server.commit({ table: 'done', put: { id: '5', name: null } }, { table: 'half', drop: '1' });
  server.capture();
  const go = async (offsets: JsonObject[], more: JsonObject = {}) => {
    const entries = offsets.map((offset, i) => [`["db${i}",{"server":"db","database":"db"}]`, JSON.stringify(offset)]);
    const shared = { state: { mssql_cdc_offset: Object.fromEntries(entries), ...more } };
    const { connection } = await connect(server);
    const after = asAirbyte(shared, [
      { name: 'done', namespace: 'dbo', state: loaded('done', 'dbo') },
      {
        name: 'half',
        namespace: 'dbo',
        state: { state_type: 'ordered_column', ordered_col: 'id', ordered_col_val: '2' },
      },
    ]);
    const got = await readLog(connection, { after });
    const idsOf = (stream: string) =>
      got.sent.flatMap((each) => (each.kind === 'record' && each.stream === stream ? [each.record.id] : []));
    return got.errors[0] ?? [idsOf('done'), idsOf('half'), idsOf('fresh'), lastState(got)?.shared.dialect];
  };
  const whole = [[4, 5], [1, 3], [1, 2, 3], 'sqlserver'];
  const change = { commit_lsn: commit, change_lsn: commit, event_serial_no: 1 };
  expect(await go([change], { mssql_db_history: 'H4sI', is_compressed: true })).toEqual(whole);
  expect(await go([{ commit_lsn: commit, change_lsn: 'NULL', event_serial_no: 0 }])).toEqual(whole);
  expect(await go([{ commit_lsn: commit, snapshot: true, snapshot_completed: true }])).toEqual(whole);
  // Of several the highest one counts.
  expect(await go([{ commit_lsn: '00000000:00000000:0001' }, change], { is_compressed: false })).toEqual(whole);
  expect(await go([{ commit_lsn: 'NULL' }])).toContain("its place in the log cannot be read: it has no 'commit_lsn'");
  expect(await go([{ commit_lsn: '00000000:00000000:0002' }])).toContain('the changes of dbo.done are there from 0x');
});
