import { type Destination, openDestination, type Session, SyncStopped, type Writer } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { count, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
const forever = <T>() => new Promise<T>(() => undefined);
const begin = (count = 50) =>
  new Transcript(new FakeSource([{ name: 'users', rows: rows(count) }]), `${folder}/${++files}.duckdb`);
/** A sync that hangs is never over; how long a stop may take is what the deadline's own test says. */
const LONG_MS = 25_000;

type Step = 'write' | 'commit' | 'finish' | 'begin' | 'load' | 'end';

/** A DuckDB file whose calls hang when `stuck` says so. `leave` is what would cut a connection. */
async function hanging(
  file: string,
  stuck: (step: Step, turn: number) => boolean,
  left: string[] = [],
): Promise<Destination> {
  const real = await openDestination(`duckdb:${file}`);
  const turns = new Map<Step, number>();
  const held = <T>(step: Step, go: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(step) ?? 0) + 1;
    turns.set(step, turn);
    return stuck(step, turn) ? forever<T>() : go();
  };
  const writerOf = (inner: Writer): Writer => ({
    write: (...given) => held('write', () => inner.write(...given)),
    restart: (...given) => inner.restart(...given),
    commit: (...given) => held('commit', () => inner.commit(...given)),
    finish: (...given) => held('finish', () => inner.finish(...given)),
    rollback: () => inner.rollback(),
    close: () => inner.close(),
  });
  return {
    name: real.name,
    async open(options) {
      const inner = await real.open(options);
      const session: Session = {
        load: (...given) => held('load', () => inner.load(...given)),
        begin: (...given) => held('begin', () => inner.begin(...given)),
        writer: async (...given) => writerOf(await inner.writer(...given)),
        history: (...given) => inner.history(...given),
        reset: (...given) => inner.reset(...given),
        end: (...given) => held('end', () => inner.end(...given)),
        close: () => inner.close(),
        leave: () => left.push('left'),
      };
      return session;
    },
  };
}

describe('a destination whose call never returns', () => {
  it.each(['write', 'commit', 'finish', 'begin', 'end'] as const)(
    '(%s) is left after its time, and the next attempt goes on',
    async (step) => {
      const transcript = begin();
      const left: string[] = [];
      const destination = await hanging(transcript.file, (which, turn) => which === step && turn === 1, left);
      const result = await transcript.run({
        destination,
        destinationSilentSeconds: 0.4,
        checkpoint: { rows: 20 },
        retry: { backoff_seconds: 0.01 },
      });
      expect(result).toMatchObject({ outcome: 'complete', streams: [{ status: 'complete' }] });
      expect(left).toEqual(['left']);
      expect(await count(transcript.file, 'SELECT count(*) FROM users')).toBe(50);
      const said = expect.stringMatching(/has not come back for 0\.4 seconds \(.*\)\..*destination_silent_seconds/);
      if (step === 'write' || step === 'commit' || step === 'finish')
        expect(result.attempts[0]).toMatchObject({ errors: [{ kind: 'transient', message: said }] });
      expect(transcript.logs).toContainEqual(expect.stringMatching(/^WARN .*does not come back.*left behind/));
    },
  );

  it('is waited for as long as each single call comes back in time', async () => {
    const transcript = begin(100);
    const real = await openDestination(`duckdb:${transcript.file}`);
    const destination: Destination = {
      name: real.name,
      async open(options) {
        const session = await real.open(options);
        const writer = session.writer.bind(session);
        session.writer = async (plans) => {
          const inner = await writer(plans);
          const write = inner.write.bind(inner);
          inner.write = async (...given) => {
            await new Promise((go) => setTimeout(go, 150));
            return write(...given);
          };
          return inner;
        };
        return session;
      },
    };
    const result = await transcript.run({ destination, destinationSilentSeconds: 1.2, checkpoint: { rows: 10 } });
    expect(result).toMatchObject({ outcome: 'complete', rows: 100 });
  });

  it.concurrent.each(['write', 'commit', 'finish', 'end'] as const)('(%s) does not hold a stop', async (step) => {
    const stop = new AbortController();
    const transcript = begin();
    const destination = await hanging(transcript.file, (which, turn) => {
      const isIt = which === step && turn === (step === 'write' || step === 'commit' ? 2 : 1);
      if (isIt) stop.abort();
      return isIt;
    });
    const run = transcript.run({ destination, signal: stop.signal, checkpoint: { rows: 20 } });
    const result = await Promise.race([run, over(stop.signal)]);
    const committed = step === 'end' ? 50 : step === 'finish' ? 40 : 20;
    expect(result).toMatchObject({
      outcome: step === 'end' ? 'complete' : 'stopped',
      errors: [],
      streams: [{ committed }],
    });
  });

  it.concurrent.each(['load', 'begin'] as const)(
    '(%s) does not hold a stop before anything has begun',
    async (step) => {
      const stop = new AbortController();
      const transcript = begin();
      const destination = await hanging(transcript.file, (which) => {
        if (which === step) stop.abort();
        return which === step;
      });
      const run = transcript.run({ destination, signal: stop.signal });
      await expect(Promise.race([run, over(stop.signal)])).rejects.toBeInstanceOf(SyncStopped);
    },
  );

  it.concurrent('does not hold a stop while it is being opened; what comes too late is closed', async () => {
    const stop = new AbortController();
    const transcript = begin();
    let answer: () => void = () => undefined;
    let closed: () => void = () => undefined;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const real = await openDestination(`duckdb:${transcript.file}`);
    const destination: Destination = {
      name: real.name,
      async open(options) {
        stop.abort();
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        const session = await real.open(options);
        const close = session.close.bind(session);
        session.close = async () => {
          await close();
          closed();
        };
        return session;
      },
    };
    const run = transcript.run({ destination, signal: stop.signal });
    await expect(Promise.race([run, over(stop.signal)])).rejects.toBeInstanceOf(SyncStopped);
    answer();
    await isClosed;
  });
});

describe('a source that takes no notice of a stop', () => {
  it.concurrent.each(['connect', 'describe'] as const)('while it is asked to %s', async (what) => {
    const stop = new AbortController();
    const transcript = begin();
    const connect = transcript.source.connect.bind(transcript.source);
    Object.assign(transcript.source, {
      async connect() {
        if (what === 'describe') {
          const connection = await connect();
          const [stream] = connection.streams;
          Object.assign(stream!, {
            describe() {
              stop.abort();
              return forever();
            },
          });
          return connection;
        }
        stop.abort();
        return forever();
      },
    });
    const run = transcript.run({ signal: stop.signal });
    await expect(Promise.race([run, over(stop.signal)])).rejects.toBeInstanceOf(SyncStopped);
  });
});

/** Settles when a stop that began with the signal has taken longer than it may. */
function over(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const begin = () => void setTimeout(resolve, LONG_MS, 'the stop took too long').unref();
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
  });
}
