// A source as a program: `node memory-program.mjs ROWS BYTES ROWS_A_STATE read …` says so many records, and a state now and then.
const [rows, bytes, rowsAState, command] = process.argv.slice(2);
const total = Number(rows);
const say = (message) => new Promise((said) => process.stdout.write(`${JSON.stringify(message)}\n`, said));
const stream = { name: 'things' };

async function* messages() {
  if (command === 'spec') yield { type: 'SPEC', spec: { connectionSpecification: {} } };
  if (command === 'check') yield { type: 'CONNECTION_STATUS', connectionStatus: { status: 'SUCCEEDED' } };
  if (command === 'discover') {
    const properties = { id: { type: 'integer' }, name: { type: 'string' } };
    const things = { ...stream, json_schema: { type: 'object', properties }, supported_sync_modes: ['full_refresh'] };
    yield { type: 'CATALOG', catalog: { streams: [things] } };
  }
  if (command !== 'read') return;
  const fill = 'abcdefghijklmnopqrstuvwxyz '.repeat(Math.ceil(Number(bytes) / 27));
  for (let id = 1; id <= total; id++) {
    const data = { id, name: `${id} ${fill}` };
    yield { type: 'RECORD', record: { stream: 'things', emitted_at: Date.now(), data } };
    if (id % Number(rowsAState) > 0 && id < total) continue;
    yield { type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor: stream, stream_state: { id } } } };
  }
  const status = { stream_descriptor: stream, status: 'COMPLETE' };
  yield { type: 'TRACE', trace: { type: 'STREAM_STATUS', emitted_at: Date.now(), stream_status: status } };
}
for await (const message of messages()) await say(message);
