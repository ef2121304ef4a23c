import { readFileSync, writeFileSync } from 'node:fs';
import { openServed, serveDestination, servedKind } from '@tidemark/sync';

/**
 * A destination of ours in a process of its own, as the command serves it: `node served-child.mjs PIDS VERB --config F …`. It
 * is there to be killed.
 */
const [pids = '', verb, ...rest] = process.argv.slice(2);
const option = (name: string) => JSON.parse(readFileSync(rest[rest.indexOf(`--${name}`) + 1]!, 'utf8'));
const say = (message: unknown) => void process.stdout.write(`${JSON.stringify(message)}\n`);
if (verb === 'check') say({ type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } });
else {
  const incomplete = await serveDestination({
    ...(await openServed(servedKind('duckdb'), option('config'), () => undefined)),
    catalog: option('catalog'),
    // Whoever kills it begins when it has begun.
    input: told(process.stdin),
    output: (line) => void process.stdout.write(`${line}\n`),
    log: (level, message) => say({ type: 'LOG', log: { level, message } }),
    clock: Date.now,
    signal: new AbortController().signal,
  });
  process.exitCode = incomplete.length > 0 ? 1 : 0;
}

async function* told(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isTold = false;
  for await (const piece of input) {
    if (!isTold) writeFileSync(pids, String(process.pid));
    isTold = true;
    yield piece;
  }
}
