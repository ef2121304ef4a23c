import { it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../scripts/servers/vitest.mjs';
import { verdict } from '../../../scripts/torture/kills.mjs';
import { type Attempt, copiesIn, killedRunner, killedServer, torture } from './kill-runs.ts';
import { query } from './mysql-server.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 6);
const SEED = Number(process.env.TIDEMARK_SEED ?? 11);

const runner = killedRunner();

for (const kind of [mysql, mariadb])
  describeWith(kind, 'kills', (server) => {
    const ask = (database: string, sql: string) => query(server(), database, sql);
    const tortured = async (database: string, into: (url: string) => Attempt) => {
      await query(server(), undefined, `CREATE DATABASE ${database}`);
      const sum = await torture({
        kills: KILLS,
        seed: SEED,
        attempt: into(server().url.replace(/\/tidemark$/, `/${database}`)),
        async finishedJobs() {
          const books = `SELECT 1 FROM information_schema.tables WHERE table_schema = '${database}' AND table_name = '_tidemark_jobs'`;
          if ((await ask(database, books)).length === 0) return 0;
          const [jobs] = await ask(database, "SELECT count(*) AS n FROM _tidemark_jobs WHERE outcome = 'complete'");
          return Number(jobs!.n);
        },
        copies: async (table) => copiesIn(await ask(database, `SELECT id, count(*) AS n FROM ${table} GROUP BY id`)),
      });
      console.log(`${kind.name}, ${database}: ${verdict(sum)} over ${sum.jobs} jobs`);
    };

    it(`loses and doubles no row when the runner is killed ${KILLS} times`, async () => {
      await tortured('runner', (url) => runner({ destination: url }));
    }, 300_000);

    it(`loses and doubles no row when the server is killed ${KILLS} times`, async () => {
      await tortured('server', (url) => killedServer(server(), url));
    }, 300_000);
  });
