// A program of the protocol that plays a script: `node player.mjs SCRIPT VERB [options]`. What it was given is added to
// SCRIPT.calls, a line a run.
import { appendFileSync, readFileSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [script, verb, ...options] = process.argv.slice(2);
const steps = JSON.parse(readFileSync(script, 'utf8'))[verb] ?? [];
const call = { verb };
for (let index = 0; index < options.length; index += 2) {
  const name = options[index].slice(2);
  call[name] = JSON.parse(readFileSync(options[index + 1], 'utf8'));
  call[`${name}_file`] = options[index + 1];
  call[`${name}_mode`] = (statSync(options[index + 1]).mode & 0o777).toString(8);
}
appendFileSync(`${script}.calls`, `${JSON.stringify(call)}\n`);

for (const step of steps) {
  if (typeof step === 'string') await print(step);
  else if (step.type) await print(JSON.stringify(step));
  else if (step.sleep) await sleep(step.sleep);
  else if (step.stderr) writeSync(2, `${step.stderr}\n`);
  else if (step.raw) await write(Buffer.from(step.raw, 'base64'));
  else if (step.deaf) process.on('SIGTERM', () => undefined);
  else if (step.close) await new Promise((done) => process.stdout.end(done));
  else if (step.hang) await sleep(step.hang);
  else if (step.records) await records(step);
  else if (step.kill) process.kill(process.pid, step.kill);
  else if (step.until === 'SIGTERM')
    await new Promise((told) => process.once('SIGTERM', told) && setTimeout(told, 60_000));
  else if (step.exit !== undefined) process.exit(step.exit);
}
process.exit(0);

async function records({ records: count, stream, from = 1, width = 0 }) {
  const pad = 'x'.repeat(width);
  for (let id = from; id < from + count; id++) {
    const data = width > 0 ? { id, pad } : { id };
    await print(JSON.stringify({ type: 'RECORD', record: { stream, data, emitted_at: 1 } }));
  }
}

/** In pieces, so that lines are cut anywhere. */
async function print(line) {
  const bytes = Buffer.from(`${line}\n`);
  if (bytes.length > 200 && bytes.length < 10_000) {
    await write(bytes.subarray(0, 150));
    await write(bytes.subarray(150));
  } else await write(bytes);
}

function write(bytes) {
  return new Promise((resolve) => process.stdout.write(bytes, resolve));
}
