// A destination of the protocol: `node listener.mjs SETTINGS VERB [options]`. What it is sent is added to SETTINGS.got, a line a
// message; SETTINGS is JSON: { echo: 'each' | 'end', ids, stats, dieAfter, exit, deafAfter, check }.
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [file, verb, ...options] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(file, 'utf8'));
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

if (verb === 'check') {
  const [status, message] = settings.check ?? ['SUCCEEDED'];
  say({ type: 'CONNECTION_STATUS', connectionStatus: { status, message } });
  process.exit(0);
}

const catalog = JSON.parse(readFileSync(options[options.indexOf('--catalog') + 1], 'utf8'));
const config = JSON.parse(readFileSync(options[options.indexOf('--config') + 1], 'utf8'));
appendFileSync(`${file}.got`, `${JSON.stringify({ catalog, config })}\n`);
console.log('starting to write');
let records = 0;
let sinceState = 0;
const states = [];
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  appendFileSync(`${file}.got`, `${line}\n`);
  const message = JSON.parse(line);
  if (message.type === 'RECORD') {
    records++;
    sinceState++;
    if (records === settings.dieAfter) {
      process.stderr.write('out of disk: swordfish\n');
      if (settings.trace)
        say({
          type: 'TRACE',
          trace: {
            type: 'ERROR',
            emitted_at: 1,
            error: { message: 'The disk is full.', failure_type: 'transient_error' },
          },
        });
      await new Promise((done) => process.stdout.write('', done));
      process.exit(settings.exit ?? 5);
    }
    if (records === settings.deafAfter) await sleep(60_000);
  }
  if (message.type !== 'STATE') continue;
  const { state } = message;
  if (settings.ids === false) delete state.id;
  if (settings.stats)
    state.destinationStats = { recordCount: sinceState - (settings.stats === 'fewer' && sinceState > 0 ? 1 : 0) };
  sinceState = 0;
  if (settings.echo === 'end') states.push(message);
  else if (settings.echo !== 'never') say(message);
}
for (const state of states) say(state);
await new Promise((done) => process.stdout.write('', done));
process.exit(settings.exit ?? 0);
