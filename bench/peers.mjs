// Other programs that do the same, from PyPI, each in a virtual environment below node_modules/.cache/peers.
//   node bench/peers.mjs   installs what is missing (some minutes; needs python3)
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../node_modules/.cache/peers', import.meta.url));
// Versions that bring their programs with them: later ones of sling and ingestr fetch them when they are first run.
const PEERS = {
  dlt: {
    packages: ['dlt[duckdb]==1.31.0', 'duckdb<1.6', 'sqlalchemy', 'psycopg2-binary', 'pyarrow'],
    program: 'python',
  },
  sling: { packages: ['sling-linux-amd64==1.4.11'], program: 'sling' },
  ingestr: { packages: ['ingestr<1.0'], program: 'ingestr' },
};

/** The program of a peer; undefined where it is not installed. */
export function peer(name) {
  const program = join(folder, name, 'bin', PEERS[name].program);
  return existsSync(join(folder, name, 'ready')) && existsSync(program) ? program : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  for (const [name, { packages }] of Object.entries(PEERS)) {
    if (peer(name)) continue;
    console.log(`installing ${name}`);
    const run = (command, ...args) => spawnSync(command, args, { stdio: 'inherit', timeout: 900_000 }).status === 0;
    const done =
      run('python3', '-m', 'venv', join(folder, name)) &&
      run(join(folder, name, 'bin/pip'), 'install', '--quiet', ...packages) &&
      run('touch', join(folder, name, 'ready'));
    if (!done) console.error(`${name} could not be installed`);
  }
}
