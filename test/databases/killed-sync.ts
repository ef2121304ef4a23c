import { createDatabaseSource, type DatabaseSettings } from '@tidemark/database';
import type { JsonObject } from '@tidemark/protocol';
import { type Destination, openDestination, type SyncResult, sync, type Writer } from '@tidemark/sync';

/** One sync of a database by its log. */
export interface LogSyncOrder {
  source: DatabaseSettings;
  config: JsonObject;
  /** `duckdb:FILE`, a URL … */
  destination: string;
  /** Ends the process as SIGKILL does, before or after the call of a writer that has this number. */
  killAt?: number;
}

const STEPS = ['write', 'restart', 'commit', 'finish'] as const;

/** The same destination; `step` is called before and after each call of a writer. */
function watched(destination: Destination, step: () => void): Destination {
  const around = <T extends object>(target: T, names: readonly (keyof T)[], make: (result: unknown) => unknown): T =>
    new Proxy(target, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function') return member;
        if (!names.includes(name as keyof T)) return member.bind(object);
        return async (...args: unknown[]) => make(await member.apply(object, args));
      },
    });
  const writer = (made: Writer): Writer =>
    new Proxy(made, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function') return member;
        if (!STEPS.some((each) => each === name)) return member.bind(object);
        return async (...args: unknown[]) => {
          step();
          const result: unknown = await member.apply(object, args);
          step();
          return result;
        };
      },
    });
  return around(destination, ['open'], (session) =>
    around(session as Awaited<ReturnType<Destination['open']>>, ['writer'], (made) => writer(made as Writer)),
  );
}

/** Syncs with a checkpoint after every few rows, so that there are many places to be killed at. */
export async function logSync({ source, config, destination, killAt }: LogSyncOrder): Promise<SyncResult> {
  let steps = 0;
  const step = (): void => {
    if (++steps === killAt) process.kill(process.pid, 'SIGKILL');
  };
  return sync({
    source: await createDatabaseSource(source),
    config,
    destination: watched(await openDestination(destination), step),
    connection: 'log',
    checkpoint: { rows: 4 },
    retry: false,
  });
}

/** As a program it does what its argument says: `node killed-sync.mjs ORDER-AS-JSON`. */
if (process.argv[1]?.endsWith('killed-sync.mjs')) {
  const { outcome, errors } = await logSync(JSON.parse(process.argv[2]!) as LogSyncOrder);
  process.stdout.write(`${outcome} ${errors.map(({ message }) => message).join('; ')}\n`);
  process.exitCode = outcome === 'complete' ? 0 : 1;
}
