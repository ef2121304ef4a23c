import type { Connection } from '@tidemark/source';
import { openDestination } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { count, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
const begin = (...streams: FakeStream[]) => new Transcript(new FakeSource(streams), `${folder}/${++files}.duckdb`);
const forever = () => new Promise<void>(() => undefined);
const pause = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));
const HEARTBEAT = 0.6;

describe('a source that is silent', () => {
  it('is left behind, and the next attempt goes on after what it handed over', async () => {
    let hangs = 2;
    const transcript = begin({
      name: 'users',
      rows: rows(50),
      onPage: async ({ index }) => {
        if (hangs > 0 && index === (hangs === 2 ? 2 : 4)) {
          hangs--;
          await forever();
        }
      },
    });
    const result = await transcript.run({ heartbeatSeconds: HEARTBEAT, retry: {} });
    expect(result).toMatchObject({ outcome: 'complete', attempt: 3, rows: 50 });
    expect(result.attempts).toMatchObject([{ rows: 20, progressed: true }, { rows: 20 }, { rows: 10 }]);
    expect(result.attempts[0]!.errors).toMatchObject([
      { kind: 'transient', message: expect.stringMatching(/no sign of life for 0.6 seconds.*heartbeat_seconds/) },
    ]);
    expect(transcript.source.requests).toEqual([0, 1, 2, 2, 3, 4, 4].map((page) => `users page ${page}`));
    expect(await count(transcript.file, 'SELECT count(DISTINCT id) FROM users')).toBe(50);
  });

  it('may say that it is alive, or log, for as long as it likes', async () => {
    for (const sign of ['alive', 'log'] as const) {
      const source = new FakeSource([]);
      let beat: () => void = () => undefined;
      source.streams.push({
        name: 'users',
        rows: rows(20),
        onPage: async ({ index }) => {
          for (let turn = 0; index === 1 && turn < 20; turn++) {
            beat();
            await pause(HEARTBEAT * 100);
          }
        },
      });
      const transcript = new Transcript(source, `${folder}/${++files}.duckdb`);
      const connect = source.connect.bind(source);
      Object.assign(source, {
        connect: async (_config: object, context: { alive(): void; log(level: string, text: string): void }) => {
          beat = () => (sign === 'alive' ? context.alive() : context.log('INFO', 'still at it'));
          return connect();
        },
      });
      expect((await transcript.run({ heartbeatSeconds: HEARTBEAT })).outcome).toBe('complete');
    }
  });

  it('is not taken for dead while it waits for the destination', async () => {
    const transcript = begin({ name: 'users', rows: rows(20) });
    const real = await openDestination(`duckdb:${transcript.file}`);
    const destination = {
      name: real.name,
      open: async (options: Parameters<typeof real.open>[0]) => {
        const session = await real.open(options);
        const writer = session.writer.bind(session);
        session.writer = async (plans) => {
          await pause(HEARTBEAT * 2_000);
          return writer(plans);
        };
        return session;
      },
    };
    expect((await transcript.run({ heartbeatSeconds: HEARTBEAT, destination })).outcome).toBe('complete');
  });

  it('is listened to no more once it is left behind', async () => {
    let wake: () => void = () => undefined;
    let woken = false;
    const transcript = begin({
      name: 'users',
      rows: rows(50),
      onPage: ({ index }) =>
        index === 2 && !woken
          ? new Promise<void>((go) => {
              wake = () => {
                woken = true;
                go();
              };
            })
          : undefined,
    });
    const result = await transcript.run({
      heartbeatSeconds: HEARTBEAT,
      retry: {},
      onEvent: (event) => {
        if (event.type === 'wait') wake();
      },
    });
    expect(result).toMatchObject({ outcome: 'complete', rows: 50, attempt: 2 });
    expect(await count(transcript.file, 'SELECT count(*) FROM users')).toBe(50);
  });
});

it('lines that were no messages are told of also when the source is left behind', async () => {
  const stop = new AbortController();
  const transcript = begin({ name: 'users', rows: rows(5) });
  const connect = transcript.source.connect.bind(transcript.source);
  const readAll: Connection['readAll'] = async ({ sink }) => {
    sink.unparsable?.(1, undefined);
    sink.unparsable?.(2, 'lines.txt');
    stop.abort();
    await forever();
    throw new Error('never');
  };
  transcript.source.connect = async () => ({ ...(await connect()), readAll });
  const { attempts } = await transcript.run({ signal: stop.signal });
  expect(attempts).toMatchObject([{ outcome: 'stopped', unparsable: { lines: 2, file: 'lines.txt' } }]);
});

it('a stop does not wait for a source that takes no notice: what it handed over is committed', async () => {
  const stop = new AbortController();
  const transcript = begin({
    name: 'users',
    rows: rows(50),
    onPage: async ({ index }) => {
      if (index < 3) return;
      stop.abort();
      await forever();
    },
  });
  const result = await transcript.run({ signal: stop.signal, checkpoint: { seconds: 600 } });
  expect(result).toMatchObject({ outcome: 'stopped', streams: [{ status: 'stopped', committed: 30 }] });
  expect(await transcript.run({ signal: new AbortController().signal, heartbeatSeconds: 1 })).toMatchObject({
    streams: [{ rowsBefore: 30 }],
  });
});
