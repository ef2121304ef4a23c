import { describeDestination } from '@tidemark/sync/testing';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { postgresKind } from '../src/destinations/postgres/kind.ts';
import { postgres as destination } from '../src/destinations/postgres.ts';
import { ask, newDatabase, readTable } from './postgres-server.ts';

let places = 0;

describeWith(postgres, 'contract', (server) => {
  describeDestination('postgres', {
    place: () => newDatabase(server(), `place_${++places}`),
    destination: (place) => destination(postgresKind.parse(place)),
    read: readTable,
    withoutZero: true,
    hasEnds: true,
    async drop(place, stream) {
      await ask(place, `DROP TABLE "${stream}"`);
    },
    async expireLease(place, connection) {
      await ask(place, 'UPDATE _tidemark.leases SET expires_at = taken_at WHERE connection = $1', [connection]);
    },
  });
});
