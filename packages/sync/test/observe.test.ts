import { join } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import { duckdb, observedSync, type SyncEnd, type SyncObserver, type SyncSettings } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './duckdb-file.ts';
import { FakeSource } from './fake-source.ts';

const folder = temporaryFolder();
let places = 0;
const settings = (more: Partial<SyncSettings> = {}): SyncSettings => ({
  source: new FakeSource([{ name: 'users', rows: [{ id: 1 }, { id: 2 }] }]),
  config: {},
  connection: 'c',
  destination: duckdb({ path: join(folder, `observed-${++places}.duckdb`) }),
  retry: false,
  ...more,
});

/** Keeps what it is told. */
class Witness implements SyncObserver {
  readonly events: string[] = [];
  end: SyncEnd | undefined;
  closed = 0;
  event({ type }: Parameters<SyncObserver['event']>[0]): void {
    this.events.push(type);
  }
  over(end: SyncEnd): void {
    this.end = end;
  }
  async close(): Promise<void> {
    this.closed++;
  }
}
const throwing: SyncObserver = {
  event() {
    throw new Error('no');
  },
  over() {
    throw new Error('no');
  },
  close: () => Promise.reject(new Error('no')),
};

describe('observers of a sync', () => {
  it('hear everything in order, and one that fails takes nothing from the others or the sync', async () => {
    const witness = new Witness();
    const heard: string[] = [];
    const result = await observedSync(settings({ onEvent: ({ type }) => heard.push(type) }), [throwing, witness]);
    expect(result).toMatchObject({ outcome: 'complete', rows: 2 });
    expect(witness.events).toEqual(heard);
    expect(witness.events[0]).toBe('start');
    expect(witness.events.at(-1)).toBe('attempt');
    expect(witness.end).toEqual({ result });
    expect(witness.closed).toBe(1);
  });

  it('hear of a sync that could not begin, also where its settings could not be made', async () => {
    for (const given of [
      settings({ streams: [{ name: 'nobody' }] }),
      async (): Promise<SyncSettings> => {
        throw new ConnectorError('config', 'no manifest');
      },
    ]) {
      const witness = new Witness();
      await expect(observedSync(given, [witness])).rejects.toThrow(ConnectorError);
      expect(witness.end?.error).toMatchObject({ kind: 'config' });
      expect(witness.closed).toBe(1);
    }
  });
});
