// `node scripts/servers/NAME.mjs [--port N]`: starts the server, prints what it is as one line of JSON, and stops it on
// SIGTERM, SIGINT, the end of standard input (when that is a pipe) or the death of the process that started it.
import { fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export async function serveWhenRun(moduleUrl, start) {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  const server = await start(values.port ? { port: Number(values.port) } : {});
  const { url, host, port, user, password, database } = server;
  process.stdout.write(`${JSON.stringify({ url, host, port, user, password, database })}\n`);
  const parent = process.ppid;
  // Keeps the process alive, too.
  const timer = setInterval(() => process.ppid !== parent && stop(), 500);
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    clearInterval(timer);
    await server.stop();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A background job of a script has /dev/null here, which is at its end from the start.
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) process.stdin.on('end', stop).resume();
}
