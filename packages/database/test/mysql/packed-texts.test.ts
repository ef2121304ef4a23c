import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb } from '../../../../scripts/servers/vitest.mjs';
import { readLog } from '../log-reading.js';
import { copy, follow, makeReplica } from './replica.js';
import { run } from './server.js';

const ROWS = [
  "'00000000-0000-0000-0000-000000000000', '0.0.0.0', '::'",
  "'c232ab00-9414-11ec-b3c8-9f6bdeced846', '10.0.0.1', '::1'",
  "'919108f7-52d1-4320-9bac-f847db4148a8', '255.255.255.255', 'fe80::a:0:0:1'",
  "'2ed6657d-e927-568b-95e1-2665a8aea6a2', '127.0.0.1', '::ffff:192.0.2.128'",
  "'1ec9414c-232a-6b00-b3c8-9f6bdeced800', '32.32.32.32', '2001:db8::2020:2020'",
  "'017f22e2-79b0-7cc3-98c4-dc0c0c073900', '1.2.3.0', '2001:db8:1:2:3:4:5:0'",
  "NULL, '0.0.0.1', '::1.2.3.4'",
  "NULL, '0.1.0.0', '1:0:0:2:0:0:0:3'",
  "NULL, '9.9.9.9', 'ABCD:1:2:3:4:5:6:7'",
  "NULL, '9.9.9.9', '0:0:1:0:0:1:0:0'",
  "'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, NULL",
];

describeWith(mariadb, 'mariadb: types that the log has as bytes', (server) => {
  beforeAll(() => makeReplica(server()));

  it.each(['NO_LOG', 'FULL'])('gives the same texts as a load (binlog_row_metadata: %s)', async (metadata) => {
    await run(server(), `SET GLOBAL binlog_row_metadata = '${metadata}'`, 'DROP TABLE IF EXISTS packed');
    await run(server(), 'CREATE TABLE packed (id INT PRIMARY KEY, u UUID, four INET4, six INET6)');
    const { connection } = await follow('mariadb', server(), ['packed']);
    const empty = await readLog(connection, { streams: ['packed'] });
    await run(server(), ...ROWS.map((row, i) => `INSERT INTO packed VALUES (${i + 1}, ${row})`));
    const changes = await readLog(connection, { after: empty, streams: ['packed'] });
    const load = await readLog(connection, { streams: ['packed'] });
    expect([...changes.errors, ...load.errors]).toEqual([]);
    expect(copy([load], 'packed')).toHaveLength(ROWS.length);
    expect(copy([empty, changes], 'packed')).toEqual(copy([load], 'packed'));
    await connection.close();
  });
});
