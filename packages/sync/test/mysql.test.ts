import { mysql } from '@tidemark/sync';
import { type DestinationHarness, describeDestination } from '@tidemark/sync/testing';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql as mysqlServer } from '../../../scripts/servers/vitest.mjs';
import { query, readTable, settingsOf } from './mysql-server.ts';

let places = 0;

function harness(server: () => Server): DestinationHarness {
  return {
    async place() {
      const name = `place_${++places}`;
      await query(server(), undefined, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      return name;
    },
    destination: (place) => mysql(settingsOf(server(), place)),
    read: (place, stream) => readTable(server(), place, stream),
    async drop(place, stream) {
      await query(server(), place, `DROP TABLE \`${stream}\``);
    },
    async expireLease(place, connection) {
      const sql = `UPDATE _tidemark_leases SET expires_at = '2000-01-01' WHERE connection = '${connection}'`;
      await query(server(), place, sql);
    },
  };
}

// Each server the other way than it is from the start: both ways are taken, whoever goes which.
const LOAD = { settings: { local_infile: 'ON' } };
const INSERT = { settings: { local_infile: 'OFF' } };
describeWith(mysqlServer, 'LOAD DATA', (server) => describeDestination('mysql', harness(server)), LOAD);
describeWith(mariadb, 'statements of many rows', (server) => describeDestination('mysql', harness(server)), INSERT);
