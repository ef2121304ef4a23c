import { existsSync, readFileSync } from 'node:fs';
import { changesOf } from '@tidemark/source';
import { describe, expect, it } from 'vitest';
import { type ProcessSourceSettings, processSource } from '../../src/processes/process-source.ts';
import { temporaryFolder } from '../duckdb-file.ts';
import { ListeningSink } from './listening-sink.ts';
import { catalog, failure, record, type Script, scripted, state, status, stream } from './script.ts';

const folder = temporaryFolder();

/** Plays a read; what was handed over, and what the program was given. */
async function played(script: Script, settings: ProcessSourceSettings = {}, states = {}) {
  const { command, calls } = scripted(folder, script);
  const sink = new ListeningSink();
  const result = await sink.read(processSource({ command, ...settings }), states);
  return { sink, lines: sink.lines, result, calls };
}

const incremental = { supported_sync_modes: ['full_refresh', 'incremental'] };

describe('a program as a source', () => {
  it('gives spec, check and streams', async () => {
    const { command } = scripted(folder, {
      check: ['starting up', { type: 'CONNECTION_STATUS', connectionStatus: { status: 'FAILED', message: 'no' } }],
      discover: catalog(stream('a', { namespace: 'n' })),
    });
    const source = processSource({ command });
    expect((await source.spec()).connectionSpecification).toHaveProperty('properties.door_code');
    const sink = new ListeningSink();
    const context = { ...quiet, log: sink.sink.log };
    const connection = await source.connect({}, context);
    expect(await connection.check()).toEqual({ succeeded: false, message: 'no' });
    expect(connection.streams.map(({ name, namespace }) => [name, namespace])).toEqual([['a', 'n']]);
  });

  it('reads records, states and statuses in their order', async () => {
    const { lines, sink, calls } = await played(
      {
        discover: catalog(stream('a', incremental), stream('b')),
        read: [
          { type: 'LOG', log: { level: 'WARN', message: 'hello' } },
          status('a', 'STARTED'),
          record('a', { id: 1 }),
          record('b', { id: 1 }),
          record('a', { id: 2 }),
          state('a', { at: 2 }, 2),
          record('a', { id: 3 }),
          state('a', { at: 3 }, 1),
          status('a', 'COMPLETE'),
          record('b', { id: 2 }),
          status('b', 'COMPLETE'),
        ],
      },
      {},
      { a: { at: 0 } },
    );
    expect(lines).toEqual([
      'a STARTED',
      'a RUNNING',
      'b STARTED',
      'b RUNNING',
      'a: 2 records {"at":2}',
      'a: 3 records {"at":3}',
      'a complete: {"at":3}',
      'a COMPLETE',
      'b complete: {}',
      'b COMPLETE',
    ]);
    expect(sink.records.b).toEqual([{ id: 1 }, { id: 2 }]);
    expect(sink.logs).toContain('WARN hello');
    expect(calls('read')).toMatchObject([
      {
        config: { account: 'a', door_code: 'hush-hush' },
        config_mode: '600',
        catalog: { streams: [{ sync_mode: 'incremental', generation_id: 3, sync_id: 7 }, { stream: { name: 'b' } }] },
        state: [{ type: 'STREAM', stream: { stream_descriptor: { name: 'a' }, stream_state: { at: 0 } } }],
      },
    ]);
    const files = calls().flatMap(
      ({ config_file: file, state_file: other }) => [file, other] as (string | undefined)[],
    );
    expect(files.filter((file) => file !== undefined && existsSync(file))).toEqual([]);
    expect(files.filter((file) => file !== undefined)).toHaveLength(3);
  });

  it('takes the state that comes after COMPLETE, and waits for it only where one is missing', async () => {
    const { lines } = await played({
      discover: catalog(stream('a', incremental), stream('b', incremental), stream('c', incremental), stream('d')),
      read: [
        record('a', { id: 1 }),
        status('a', 'COMPLETE'),
        record('b', { id: 1 }),
        state('b', { at: 1 }, 1),
        status('b', 'COMPLETE'),
        state('a', { at: 1 }, 1),
        record('c', { id: 1 }),
        state('c', { at: 1 }, 1),
        record('c', { id: 2 }),
        status('c', 'COMPLETE'),
        status('d', 'COMPLETE'),
        state('c', { at: 2 }, 1),
        { exit: 1 },
      ],
    });
    const ends = lines.filter((line) => / (complete|failed):/.test(line));
    expect(ends).toEqual(['b complete: {"at":1}', 'a complete: {"at":1}', 'c complete: {"at":2}', 'd complete: {}']);
  });

  it('fails a stream whose last records no state covers when the program fails after COMPLETE', async () => {
    const { lines } = await played({
      discover: catalog(stream('a', incremental)),
      read: [
        record('a', { id: 1 }),
        state('a', { at: 1 }),
        record('a', { id: 2 }),
        status('a', 'COMPLETE'),
        { exit: 1 },
      ],
    });
    expect(lines).toContain('a failed: {"at":1}');
  });

  it('keeps numbers digit for digit, changes, and lines of 20 MB', async () => {
    const line =
      '{"type":"RECORD","record":{"stream":"a","data":{"id":12345678901234567890,"pad":"1.10","deep":{"d":0.1234567890123456789012}},"emitted_at":1,"meta":{"changes":[{"field":"x","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}}}';
    const { sink } = await played({
      discover: catalog(stream('a')),
      read: [
        line,
        { records: 2, stream: 'a', width: 20_000_000 },
        'é'.repeat(0),
        record('a', { id: 9, pad: '日本 ✓' }),
      ],
    });
    const [first, second, , last] = sink.records.a!;
    expect(String(first!.id)).toBe('12345678901234567890');
    expect(String((first!.deep as { d: unknown }).d)).toBe('0.1234567890123456789012');
    expect(changesOf(first!)).toEqual([{ field: 'x', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' }]);
    expect((second!.pad as string).length).toBe(20_000_000);
    expect(last!.pad).toBe('日本 ✓');
  });

  it('stops the program while the sink has no room', async () => {
    const { command } = scripted(folder, {
      discover: catalog(stream('a')),
      read: [{ records: 60_000, stream: 'a', width: 1_000 }],
    });
    const sink = new ListeningSink();
    let free: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      free = resolve;
    });
    let pages = 0;
    sink.onPage = () => (++pages === 3 ? blocked : undefined);
    const before = process.memoryUsage().arrayBuffers;
    const reading = sink.read(processSource({ command }));
    await expect.poll(() => pages, { timeout: 30_000 }).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pages).toBe(3);
    // 60 MB are on their way, and all but a little of it is still with the program.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    free();
    await reading;
    expect(sink.records.a).toHaveLength(60_000);
  });

  it('keeps a configuration that the program renews', async () => {
    const renewed = { config: { refresh_token: 'new' } };
    const { sink } = await played({
      discover: catalog(stream('a')),
      read: [{ type: 'CONTROL', control: { type: 'CONNECTOR_CONFIG', emitted_at: 1, connectorConfig: renewed } }],
    });
    expect(sink.configs).toEqual([{ refresh_token: 'new' }]);
  });

  it('takes one state for all streams where the first state says so', async () => {
    const cdc = { ...incremental, json_schema: { properties: { id: {}, _ab_cdc_deleted_at: {} } } };
    const global = (lsn: number, recordCount: number) => ({
      type: 'STATE',
      state: {
        type: 'GLOBAL',
        global: {
          shared_state: { lsn },
          stream_states: [{ stream_descriptor: { name: 'a' }, stream_state: { done: true } }],
        },
        sourceStats: { recordCount },
      },
    });
    const { lines } = await played({
      discover: catalog(stream('a', cdc), stream('b', cdc)),
      read: [record('a', { id: 1 }), record('b', { id: 1 }), global(5, 2), record('b', { id: 2 }), global(6, 1)],
    });
    expect(lines.filter((line) => line.startsWith('together'))).toEqual([
      'together: a 1, b 1 {"shared":{"lsn":5},"streams":[{"stream":{"name":"a"},"state":{"done":true}}]}',
      'together: a 1, b 2 {"shared":{"lsn":6},"streams":[{"stream":{"name":"a"},"state":{"done":true}}]}',
      'together ends: {"shared":{"lsn":6},"streams":[{"stream":{"name":"a"},"state":{"done":true}}]} [["a","complete"],["b","complete"]]',
    ]);
  });
});

describe('what goes wrong', () => {
  it('a count that does not match fails the stream and says how many were dropped', async () => {
    const { lines, result } = await played({
      discover: catalog(stream('a', incremental), stream('b', incremental)),
      read: [
        record('a', { id: 1 }),
        state('a', { at: 1 }, 1),
        record('a', { id: 2 }),
        state('a', { at: 4 }, 3),
        record('a', { id: 5 }),
        state('a', { at: 5 }, 1),
        record('b', { id: 1 }),
        // Sources that do not count leave it out or write 0.
        state('b', { at: 1 }, 0),
        record('b', { id: 2 }),
        state('b', { at: 2 }),
      ],
    });
    expect(lines).toContain('a failed: {"at":1}');
    expect(lines.join('\n')).toMatch(
      /error of a \(system\): Stream 'a': dropped records: 2 are missing.*counted 3 .* 1 came/,
    );
    expect(lines).toContain('b complete: {"at":2}');
    expect(Object.fromEntries(result.outcomes)).toEqual({ a: 'failed', b: 'complete' });
  });

  it('an error that the program reports keeps its kind and its stream', async () => {
    const { lines, result } = await played({
      discover: catalog(stream('a', incremental), stream('b')),
      read: [
        record('a', { id: 1 }),
        state('a', { at: 1 }),
        failure('config_error', 'The key is wrong.', 'a'),
        status('a', 'INCOMPLETE'),
        record('b', { id: 1 }),
        status('b', 'COMPLETE'),
        failure('system_error', 'Some streams failed.'),
        { exit: 1 },
      ],
    });
    expect(lines).toContain('a failed: {"at":1}');
    expect(lines).toContain('error of a (config): The key is wrong.');
    expect(lines).toContain('b COMPLETE');
    expect(result.errors.map((error) => error.kind)).toEqual(['config']);
  });

  it('a stream of which a program with statuses does not say COMPLETE has failed', async () => {
    for (const which of ['STARTED', 'RUNNING']) {
      const { lines, result } = await played({
        discover: catalog(stream('a', incremental), stream('b')),
        read: [
          status('b', which),
          record('a', { id: 1 }),
          state('a', { at: 1 }),
          record('b', { id: 1 }),
          state('b', { at: 1 }),
          status('b', 'COMPLETE'),
        ],
      });
      expect(lines).toContain('a failed: {"at":1}');
      expect(result.errors.map(({ message }) => message)).toEqual([
        expect.stringMatching(/ended without saying COMPLETE: it may not have read the stream 'a' to its end/),
      ]);
      expect(Object.fromEntries(result.outcomes)).toEqual({ a: 'failed', b: 'complete' });
    }
  });

  it.each([
    [
      'exit code',
      [{ stderr: 'Traceback: hush-hush broke' }, { exit: 3 }],
      'system',
      /exit code 3 without saying why.*\n.*\nTraceback: \*\*\*\* broke/,
    ],
    ['a kill', [{ kill: 'SIGKILL' }, { sleep: 5_000 }], 'transient', /was ended by SIGKILL/],
    ['an INCOMPLETE', [status('a', 'INCOMPLETE')], 'system', /did not read the stream 'a' to its end/],
    ['a stream nobody asked for', [record('zzz', { id: 1 })], 'system', /of the stream 'zzz', which was not asked for/],
    ['a LEGACY state', [{ type: 'STATE', state: { data: { a: {} } } }], 'config', /old form that names no stream/],
    [
      'a GLOBAL state after others',
      [{ type: 'STATE', state: { type: 'GLOBAL', global: {} } }],
      'config',
      /Set 'states: global'/,
    ],
  ])('%s fails every stream that is not complete', async (_name, steps, kind, message) => {
    const { result, lines } = await played({
      discover: catalog(stream('a', incremental)),
      read: [record('a', { id: 1 }), state('a', { at: 1 }), record('a', { id: 2 }), ...(steps as never[])],
    });
    expect(result.outcomes.get('a')).toBe('failed');
    expect(result.errors).toMatchObject([{ kind, stream: 'a', message: expect.stringMatching(message) }]);
    expect(lines).toContain('a failed: {"at":1}');
    expect(lines.at(-1)).toBe('a INCOMPLETE');
  });

  it('a program that does not end after its last word is ended', async () => {
    const { result } = await played({
      discover: catalog(stream('a')),
      read: [record('a', { id: 1 }), status('a', 'COMPLETE'), { deaf: true }, { close: true }, { hang: 60_000 }],
    });
    expect(result.outcomes.get('a')).toBe('complete');
  }, 30_000);

  it('SIGTERM is passed on, and the last state still counts', async () => {
    const { command } = scripted(folder, {
      discover: catalog(stream('a', incremental)),
      read: [
        record('a', { id: 1 }),
        state('a', { at: 1 }),
        { until: 'SIGTERM' },
        record('a', { id: 2 }),
        state('a', { at: 2 }),
        { exit: 143 },
      ],
    });
    const sink = new ListeningSink();
    const stop = new AbortController();
    sink.onPage = () => void setTimeout(() => stop.abort(), 300);
    const result = await sink.read(processSource({ command }), {}, stop.signal);
    expect(sink.lines).toContain('a stopped: {"at":2}');
    expect(Object.fromEntries(result.outcomes)).toEqual({ a: 'stopped' });
    expect(result.errors).toEqual([]);
  });

  it('a program that is not there is named', async () => {
    const source = processSource({ command: ['/nowhere/source-x'] });
    await expect(source.spec()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringContaining('/nowhere/source-x'),
    });
  });

  it('a verb without an answer is an error with the last words', async () => {
    const { command } = scripted(folder, { discover: [{ stderr: 'no module named x' }, { exit: 2 }] });
    await expect(new ListeningSink().read(processSource({ command }))).rejects.toThrow(
      /'discover' of node ended with exit code 2 without an answer.*no module named x/s,
    );
  });
});

describe('lines that are no messages', () => {
  const broken = '{"type":"RECORD","record":{"stream":"a","data":{"id":2';
  const script = (...lines: string[]): Script => ({
    discover: catalog(stream('a', incremental)),
    read: [record('a', { id: 1 }), ...lines, record('a', { id: 3 }), state('a', { at: 3 }, 3)],
  });

  it('fail by default, and say what can be set', async () => {
    const { result } = await played(script(broken));
    expect(result.errors[0]?.message).toMatch(/no valid JSON.*"id":2\n.*unparsable: quarantine/s);
    const text = await played(script('INFO starting'));
    expect(text.result.errors[0]?.message).toMatch(/plain text.*'unparsable: log'/s);
  });

  it('go to a file and are counted', async () => {
    const file = `${folder}/quarantine/lines.txt`;
    const { result, lines } = await played(script(broken, 'INFO starting', '[1]'), {
      unparsable: 'quarantine',
      quarantine_file: file,
    });
    expect(result.unparsable).toEqual({ lines: 3, file });
    expect(readFileSync(file, 'utf8')).toBe(`${broken}\nINFO starting\n[1]\n`);
    // The missing record is the one in the file: that is no second error.
    expect(lines).toContain('a complete: {"at":3}');
  });

  it('are logged where they are plain text, and fail where they could be a message', async () => {
    const text = await played({ ...script('INFO starting') }, { unparsable: 'log', record_counts: 'ignore' });
    expect(text.result).toMatchObject({ unparsable: { lines: 1 }, errors: [] });
    expect(text.sink.logs.join('\n')).toContain('WARN node (no message): INFO starting');
    const { result } = await played(script(broken), { unparsable: 'log' });
    expect(result.errors).toHaveLength(1);
  });

  it('bytes that are no UTF-8 are no message', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"type":"RECORD","record":{"stream":"a","data":{"x":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}}}\n'),
    ]);
    const { result } = await played({ discover: catalog(stream('a')), read: [{ raw: bytes.toString('base64') }] });
    expect(result.errors[0]?.message).toContain('no UTF-8');
  });
});

const quiet = {
  clock: Date.now,
  addSecret: () => undefined,
  redact: (text: string) => text,
  configChanged: () => undefined,
  signal: new AbortController().signal,
};
