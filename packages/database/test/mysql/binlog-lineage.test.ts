import type { JsonObject } from '@tidemark/protocol';
import { beforeAll, expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { type LogTranscript, lastState, readLog } from '../log-reading.js';
import { copy, follow, makeReplica, values } from './replica.js';
import { run } from './server.js';

/** Positions that are not this server's, made of one that is. */
const STRANGE = {
  mysql: [
    [() => '99999999-aaaa-bbbb-cccc-123456789abc:1-7', 'another lineage'],
    [(gtid: string) => gtid.replace(/-\d+$/, '-999999999'), 'restored to an earlier time'],
  ],
  mariadb: [
    [(gtid: string) => gtid.replace(/^\d+/, '77'), 'has none of the domain 77'],
    [(gtid: string) => gtid.replace(/-\d+-/, '-88-'), 'none that the server 88 has written'],
    [(gtid: string) => gtid.replace(/-\d+$/, '-999999999'), 'restored to an earlier time'],
  ],
} as const;

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: a position of somewhere else`, (server) => {
    beforeAll(() => makeReplica(server()));

    it('is refused, or everything is loaded again', async () => {
      await run(server(), 'CREATE TABLE lineage (id INT PRIMARY KEY)', 'INSERT INTO lineage VALUES (1),(2)');
      const { connection } = await follow(flavour, server(), ['lineage']);
      const only = { streams: ['lineage'] };
      const load = await readLog(connection, only);
      expect(load.errors).toEqual([]);
      await run(server(), 'DELETE FROM lineage WHERE id = 1', 'INSERT INTO lineage VALUES (3)');
      const truth = await run(server(), 'SELECT id FROM lineage');
      const again = await follow(flavour, server(), ['lineage'], { on_lost_position: 'reload' });
      for (const [change, why] of STRANGE[flavour]) {
        const { shared, streams } = lastState(load)!;
        const position = shared.position as JsonObject;
        const state = {
          shared: { ...shared, position: { ...position, gtid: change(String(position.gtid)), server: 'another' } },
          streams,
        };
        const after: LogTranscript = { sent: [{ kind: 'state', state }], outcomes: {}, errors: [] };
        const refused = await readLog(connection, { after, ...only });
        expect(refused.errors.join()).toMatch(new RegExp(`The log cannot be gone on from: .*${why}`));
        expect(refused.outcomes).toEqual({ lineage: 'failed' });
        expect(values(refused, 'lineage')).toEqual([]);
        const reloaded = await readLog(again.connection, { after, ...only });
        expect(reloaded.errors).toEqual([]);
        expect(copy([load, reloaded], 'lineage')).toEqual(truth);
      }
      await connection.close();
      await again.connection.close();
    });
  });
}
