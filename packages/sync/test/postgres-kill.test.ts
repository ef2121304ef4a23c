import { it } from 'vitest';
import { describeWith, postgres } from '../../../scripts/servers/vitest.mjs';
import { verdict } from '../../../scripts/torture/kills.mjs';
import { type Attempt, copiesIn, killedRunner, killedServer, torture } from './kill-runs.ts';
import { ask, newDatabase } from './postgres-server.ts';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 12);
const SEED = Number(process.env.TIDEMARK_SEED ?? 5);

const runner = killedRunner();

describeWith(postgres, 'kills', (server) => {
  const tortured = async (name: string, kills: number, into: (url: string) => Attempt) => {
    const url = await newDatabase(server(), name);
    const sum = await torture({
      kills,
      seed: SEED,
      attempt: into(url),
      unharmed: into(await newDatabase(server(), `${name}_unharmed`)),
      async finishedJobs() {
        const [books] = await ask(url, "SELECT to_regclass('_tidemark.jobs') AS jobs");
        if (books!.jobs === null) return 0;
        const [jobs] = await ask(url, "SELECT count(*) AS n FROM _tidemark.jobs WHERE outcome = 'complete'");
        return Number(jobs!.n);
      },
      copies: async (table) => copiesIn(await ask(url, `SELECT id, count(*) AS n FROM ${table} GROUP BY id`)),
    });
    console.log(`PostgreSQL, ${name}: ${verdict(sum)} over ${sum.jobs} jobs`);
  };

  it(`loses and doubles no row over ${KILLS} kills of the runner`, async () => {
    await tortured('runner', KILLS, (url) => runner({ destination: url }));
  }, 600_000);

  it('loses and doubles no row over kills of the server', async () => {
    await tortured('served', Math.ceil(KILLS / 3), (url) => killedServer(server(), url));
  }, 600_000);
});
