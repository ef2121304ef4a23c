// A real service that nobody here wrote: Unleash (npm unleash-server) on a PostgreSQL of its own, both on free ports.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, postgresPrograms, startPostgres } from './postgres.mjs';

const VERSION = '7.5.1';
const folder = fileURLToPath(new URL('../../node_modules/.cache/unleash', import.meta.url));
export const TOKENS = {
  admin: '*:*.unleash-insecure-admin-token',
  client: 'default:development.unleash-insecure-client-token',
};

/** Why Unleash cannot run here; undefined where it can. */
export function whyNotUnleash() {
  return postgresPrograms() ? undefined : 'PostgreSQL is not installed (initdb and pg_ctl were not found)';
}

/** Outside the workspace and its lockfile: 190 MB that only this needs. */
function install() {
  if (existsSync(join(folder, 'node_modules/unleash-server', `.installed-${VERSION}`))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--no-audit', '--no-fund', '--silent', '--ignore-scripts', `unleash-server@${VERSION}`];
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(join(folder, 'node_modules/unleash-server', `.installed-${VERSION}`), '');
}

async function serve(databasePort) {
  const port = await freePort();
  const env = {
    ...process.env,
    INIT_ADMIN_API_TOKENS: TOKENS.admin,
    INIT_CLIENT_API_TOKENS: TOKENS.client,
    CHECK_VERSION: 'false',
    SEND_TELEMETRY: 'false',
    NODE_NO_WARNINGS: '1',
  };
  const program = fileURLToPath(new URL('serve.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, folder, String(databasePort), String(port)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => String(text).includes('ready') && resolve());
    child.on('exit', (code) => reject(new Error(`Unleash ended with exit ${code}: ${said}`)));
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

/** Starts both servers. `stop` ends them and removes their files. */
export async function startUnleash() {
  install();
  const database = await startPostgres('unleash');
  try {
    const { child, url } = await serve(database.port);
    const stop = async () => {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      database.stop();
    };
    return {
      url,
      tokens: TOKENS,
      get: (path, token = TOKENS.admin) => get(url, path, token),
      addFlags: (names) => addFlags(url, names),
      stop,
    };
  } catch (error) {
    database.stop();
    throw error;
  }
}

async function get(url, path, token) {
  const response = await fetch(url + path, { headers: { authorization: token } });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Makes flags in one request: an import, which only a user may do, not a token. */
async function addFlags(url, names) {
  const json = { 'content-type': 'application/json' };
  const credentials = JSON.stringify({ username: 'admin', password: 'unleash4all' });
  const login = await fetch(`${url}/auth/simple/login`, { method: 'POST', headers: json, body: credentials });
  const cookie = login.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const features = names.map((name) => ({
    name,
    type: 'release',
    description: `The flag ${name}`,
    project: 'default',
    stale: false,
  }));
  const nothing = {
    featureStrategies: [],
    featureEnvironments: [],
    contextFields: [],
    featureTags: [],
    segments: [],
    tagTypes: [],
    dependencies: [],
  };
  const response = await fetch(`${url}/api/admin/features-batch/import`, {
    method: 'POST',
    headers: { ...json, cookie },
    body: JSON.stringify({ project: 'default', environment: 'development', data: { features, ...nothing } }),
  });
  if (!response.ok) throw new Error(`the import of flags: ${response.status} ${await response.text()}`);
}
