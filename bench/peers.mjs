// Other programs that do the same, from PyPI, each in a virtual environment of its own outside of the repository
// (TIDEMARK_PEERS_FOLDER, else the user's cache folder).
//   node bench/peers.mjs   installs what is missing (some minutes; needs python3); ends with 1 when something cannot be had
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder =
  process.env.TIDEMARK_PEERS_FOLDER ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidemark', 'peers');
const PEERS = {
  dlt: {
    // SQLAlchemy 2.1 takes another driver for the URLs that dlt makes. connectorx is the fastest of dlt's ways to a table.
    packages: [
      'dlt[duckdb]==1.31.0',
      'duckdb<1.6',
      'sqlalchemy<2.1',
      'psycopg2-binary',
      'pyarrow',
      'connectorx',
      'numpy',
    ],
    program: () => 'bin/python',
  },
  sling: {
    // The wheel has the program itself. What it would bring with it is a wrapper that fetches a newer one at its first start.
    packages: ['--no-deps', 'sling-linux-amd64==1.4.11'],
    program: (place) => {
      const python = readdirSync(join(place, 'lib')).find((name) => name.startsWith('python'));
      return join('lib', python, 'site-packages/sling_linux_amd64/bin/sling-linux-amd64');
    },
  },
  // The last that has its program in the wheel.
  ingestr: { packages: ['ingestr==0.15.9'], program: () => 'bin/ingestr' },
};
const mark = ({ packages }) => `${packages.join('\n')}\n`;

/** The program of a peer; undefined where it is not installed. */
export function peer(name) {
  const place = join(folder, name);
  const ready = join(place, 'ready');
  if (!existsSync(ready) || readFileSync(ready, 'utf8') !== mark(PEERS[name])) return undefined;
  const program = join(place, PEERS[name].program(place));
  return existsSync(program) ? program : undefined;
}

function install(name) {
  const place = join(folder, name);
  rmSync(place, { recursive: true, force: true });
  const run = (command, ...args) => spawnSync(command, args, { stdio: 'inherit', timeout: 900_000 }).status === 0;
  const done =
    run('python3', '-m', 'venv', place) &&
    run(join(place, 'bin/pip'), 'install', '--quiet', '--no-input', ...PEERS[name].packages);
  if (!done) return false;
  writeFileSync(join(place, 'ready'), mark(PEERS[name]));
  return peer(name) !== undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(PEERS)) {
    if (peer(name)) {
      console.log(`${name}: already there`);
      continue;
    }
    console.log(`installing ${name}`);
    if (install(name)) continue;
    console.error(`${name} could not be installed`);
    process.exitCode = 1;
  }
}
