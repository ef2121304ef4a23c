import type { Json, JsonObject } from '@tidemark/protocol';
import { Binary, Timestamp } from 'mongodb';
import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/dialect.js';
import type { LogBatch } from '../../src/log/change-log.js';
import { ChangeStreamLog } from '../../src/mongodb/change-stream-log.js';
import type { Clients } from '../../src/mongodb/clients.js';
import { readingSettings } from '../../src/reading-settings.js';

/** The stand-in gives collections no numbers: these answers are made by hand. */
function logOf(uuids: Record<string, string>, refusal?: Error): ChangeStreamLog {
  const collections = Object.keys(uuids).map((name) => ({ database: 'shop', name, columns: [], indexed: new Set() }));
  const info = (name: string) => ({ uuid: new Binary(Buffer.from(uuids[name]!.padEnd(16, '.')), 4) });
  const listed = Object.keys(uuids).map((name) => ({ name, type: 'collection', info: info(name) }));
  const stream = {
    resumeToken: null,
    tryNext: async () => {
      if (refusal) throw refusal;
      return null;
    },
    close: async () => {},
  };
  const db = {
    listCollections: () => ({ toArray: async () => listed }),
    watch: () => stream,
    collection: () => ({ watch: () => stream }),
  };
  const opened = { client: { db: () => db, watch: () => stream }, facts: { set: 'rs0' }, types: { Timestamp } };
  const clients = {
    config: { updateCapture: 'lookup' },
    open: async () => opened,
    query: async (body: (opened: unknown, options: object) => unknown) => body(opened, {}),
    saw: () => {},
  };
  return new ChangeStreamLog({
    clients: clients as unknown as Clients,
    settings: readingSettings(),
    collections: () => collections as never,
    warn: () => {},
  });
}

describe('a collection that was dropped and made again', () => {
  const tables = (...names: string[]) => names.map((name) => ({ namespace: 'shop', name })) as unknown as Table[];
  const numbered = (uuid: string) => Buffer.from(uuid.padEnd(16, '.')).toString('hex');
  const position = (uuids: Record<string, string>): JsonObject => ({
    token: { _data: '8265000000000000012B' },
    time: '1694498816:1',
    set: 'rs0',
    collections: Object.fromEntries(Object.entries(uuids).map(([name, uuid]) => [`shop.${name}`, numbered(uuid)])),
  });
  const before = position({ pets: 'a', toys: 'b' });

  it('is lost by itself: the others go on', async () => {
    expect(await logOf({ pets: 'a', toys: 'b' }).accept(before, tables('pets', 'toys'))).toBeUndefined();
    const log = logOf({ pets: 'new', toys: 'b' });
    const lost = { why: 'the collection shop.pets was dropped and made again.', tables: ['shop.pets'] };
    expect(await log.accept(before, tables('pets', 'toys'))).toEqual(lost);
    expect(await log.accept(before, tables('pets'))).toEqual(lost);
    // One that is not followed is no matter.
    expect(await log.accept(before, tables('toys'))).toBeUndefined();
    const both = await logOf({ pets: 'new', toys: 'new' }).accept(before, tables('pets', 'toys'));
    expect(both).toMatchObject({ why: expect.stringContaining('were dropped'), tables: ['shop.pets', 'shop.toys'] });
  });

  it('is lost with the others where the stream cannot be gone on with', async () => {
    const gone = Object.assign(new Error('resume point may no longer be in the oplog'), { code: 286 });
    const lost = await logOf({ pets: 'new', toys: 'b' }, gone).accept(before, tables('pets', 'toys'));
    expect(lost).toMatch(/oplog/);
  });

  it('is known by its new number after a reading that had nothing to read', async () => {
    const log = logOf({ pets: 'new', toys: 'b' });
    const now = position({ pets: 'new', toys: 'b' });
    const read = async (from: Json): Promise<LogBatch[]> => {
      const batches: LogBatch[] = [];
      const { signal } = new AbortController();
      for await (const batch of log.read(from, now, tables('toys'), { signal })) batches.push(batch);
      return batches;
    };
    expect(await read(before)).toEqual([{ changes: [], position: now }]);
    expect(await read(now)).toEqual([]);
  });
});
