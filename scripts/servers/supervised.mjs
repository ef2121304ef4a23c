// One server process in a temporary folder: started on a free port, awaited, killed, restarted, stopped; it never outlives
// the process that started it (watchdog.sh).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

const READY_WITHIN_MS = 90_000;
const STOPPED_WITHIN_MS = 20_000;
const PORT_TRIES = 5;
const watchdog = fileURLToPath(new URL('watchdog.sh', import.meta.url));

/** The folder where installed servers are kept (scripts/servers/install.mjs). */
export const serversFolder =
  process.env.TIDEMARK_SERVERS_FOLDER ?? fileURLToPath(new URL('../../node_modules/.cache/servers', import.meta.url));

/** Starts `description`'s server; see supervised.d.mts. */
export async function supervised(description) {
  const folder = mkdtempSync(join(tmpdir(), `tidemark-${description.name}-`));
  const guard = startWatchdog(folder);
  const state = { description, folder, guard, child: undefined, port: description.port };
  try {
    await description.prepare?.(folder);
    await startOnSomePort(state);
  } catch (error) {
    await end(state);
    throw error;
  }
  return {
    folder,
    host: '127.0.0.1',
    port: state.port,
    get pid() {
      return state.child?.pid;
    },
    log: () => logOf(folder),
    kill: () => endServer(state, 'SIGKILL'),
    async restart() {
      await endServer(state, description.stopSignal ?? 'SIGTERM');
      await startAgain(state);
    },
    stop: () => end(state),
  };
}

function startWatchdog(folder) {
  const guard = spawn('/bin/sh', [watchdog, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.stdin.on('error', () => {});
  // A test that forgets `stop` still ends, and its server with it.
  guard.unref();
  guard.stdin.unref();
  return guard;
}

async function startOnSomePort(state) {
  const isFixed = state.port !== undefined;
  for (let tries = 1; ; tries += 1) {
    if (!isFixed) state.port = await freePort();
    try {
      await startServer(state);
      return;
    } catch (error) {
      const isTaken = /address already in use|address in use|EADDRINUSE/i.test(logOf(state.folder));
      if (isFixed || !isTaken || tries === PORT_TRIES) throw error;
    }
  }
}

/** After a kill, what the old process held (shared memory, the port) may be let go only a moment later. */
async function startAgain(state) {
  for (let tries = 1; ; tries += 1) {
    try {
      await startServer(state);
      return;
    } catch (error) {
      if (tries === PORT_TRIES) throw error;
      await sleep(300);
    }
  }
}

async function startServer(state) {
  const { description, folder, port } = state;
  const [command, ...args] = description.command({ folder, port });
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...description.env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let ended;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`;
  });
  state.child = child;
  if (child.pid) state.guard.stdin.write(`${child.pid}\n`);
  const deadline = Date.now() + (description.readyWithinMs ?? READY_WITHIN_MS);
  while (!ended && !(await description.isReady({ folder, port, pid: child.pid }))) {
    if (Date.now() > deadline) {
      await endServer(state, 'SIGKILL');
      ended = 'it was not ready in time';
    } else await sleep(50);
  }
  if (!ended) return;
  state.child = undefined;
  state.guard.stdin.write('0\n');
  throw new Error(`${description.name} did not start on port ${port}: ${ended}\n${logOf(folder)}`);
}

async function endServer(state, signal) {
  const { child } = state;
  state.child = undefined;
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exit = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
  await exit;
  clearTimeout(timer);
  state.guard.stdin.write('0\n');
}

/** The data are thrown away: nothing is gained by a graceful end. */
async function end(state) {
  await endServer(state, state.description.endSignal ?? 'SIGKILL');
  if (state.guard.exitCode !== null) return;
  state.guard.ref();
  const exit = once(state.guard, 'exit');
  state.guard.stdin.end();
  await exit;
}

function logOf(folder) {
  const path = join(folder, 'log');
  return existsSync(path) ? readFileSync(path, 'utf8').slice(-4000) : '';
}
