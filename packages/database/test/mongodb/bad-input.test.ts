import type { JsonObject } from '@tidemark/protocol';
import type { OpenStream } from '@tidemark/source';
import { ObjectId } from 'mongodb';
import { expect, it } from 'vitest';
import { describeWith, mongodb } from '../../../../scripts/servers/vitest.mjs';
import { after, column, fill, inDatabase, open, readStream } from './server.js';

const NONE = { reading: { method: 'none' as const, page_rows: 2 } };

/** Reads a stream as it is opened; something happens after its first page. */
async function readPages(opened: OpenStream, ids: unknown[], meanwhile: () => Promise<unknown>): Promise<void> {
  const { signal } = new AbortController();
  for await (const unit of opened.cursor.plan(signal)) {
    for await (const page of opened.read(unit, { signal })) {
      if (ids.length === 0) await meanwhile();
      ids.push(...page.records.map(({ _id }) => _id));
      opened.cursor.page(unit, page);
    }
    opened.cursor.close(unit);
  }
}

describeWith(mongodb, 'mongodb: what goes wrong', (server) => {
  const refusal = (config: JsonObject) =>
    open(server(), {}, config).then(
      async ({ connection }) => {
        await connection.close();
        return '';
      },
      (error: Error) => error.message,
    );

  it('says which of the connection settings is wrong, and prints no secret', async () => {
    const nobody = 'mongodb://me:the-password@127.0.0.1:1/shop?serverSelectionTimeoutMS=300';
    const refused = await refusal({ url: nobody });
    expect(refused).toMatch(/^Connecting to 127\.0\.0\.1:1 failed\. Nothing answers at this host and port/);
    expect(refused).not.toContain('the-password');
    expect(await refusal({ ssh: { host: 'bastion' } })).toContain("'ssh' is not supported for MongoDB");
    expect(await refusal({ url: 'mongodb://nowhere.invalid/shop?serverSelectionTimeoutMS=300' })).toMatch(
      /The host name (is not known|cannot be looked up now)/,
    );
    expect(await refusal({ url: 'postgres://me:the-password@x/y' })).toBe(
      "The configuration is wrong: 'url' is no URL of the form mongodb://user:password@host:port/database.",
    );
    const wrong = { port: 'x', ssl_mode: 'maybe', database: '', read_preference: 'any', schemaless: 1, password: 'p' };
    expect(await refusal(wrong)).toBe(
      "The configuration is wrong: 'port' must be a whole number from 1 to 65535; 'database' must be a text that is not empty; 'read_preference' must be one of primary, primaryPreferred, secondary, secondaryPreferred, nearest; 'ssl_mode' must be one of disabled, required, verify_ca, verify_identity; 'username' is missing, and 'password' is given; 'schemaless' must be true or false.",
    );
    expect(await refusal({ url: `${nobody}&nonsense=1` })).toMatch(/parameter .nonsense., which is not known/);
  });

  it('checks what can be read', async () => {
    await fill(server(), 'checked', [{ _id: 1 }]);
    const good = await open(server(), NONE, {}, true);
    expect(await good.connection.check()).toEqual({ succeeded: true });
    await good.connection.close();
    const empty = await open(server(), NONE, { database: 'empty_one' }, true);
    const { succeeded, message } = await empty.connection.check();
    expect(succeeded).toBe(false);
    expect(message).toContain('no collection can be seen in empty_one');
    await empty.connection.close();
    const missing = await open(server(), { ...NONE, streams: [{ name: 'absent' }] }, {}, true);
    expect((await missing.connection.check()).message).toContain("There is no table 'absent'");
    await missing.connection.close();
  });

  it('fails a collection that is dropped while it is read, and never takes that for its end', async () => {
    await fill(
      server(),
      'dropped',
      Array.from({ length: 7 }, (_, i) => ({ _id: i })),
    );
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'dropped' }] });
    const first = await readStream(connection, 'dropped', { killAfter: 3 });
    expect(column(first.sent, '_id')).toEqual([0, 1]);
    await inDatabase(server(), (db) => db.dropCollection('dropped'));
    const second = await readStream(connection, 'dropped', after(first));
    expect(second.errors[0]?.message).toContain('does not exist any more');
    expect([...second.outcomes.values()]).toEqual(['failed']);
    await connection.close();
  });

  it('fails a collection that is dropped between two pages', async () => {
    await fill(
      server(),
      'dropping',
      [1, 2, 'a', 'b'].map((_id) => ({ _id })),
    );
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'dropping' }] });
    const ids: unknown[] = [];
    const opened = await connection.streams[0]!.open(undefined);
    const reading = readPages(opened, ids, () => inDatabase(server(), (db) => db.dropCollection('dropping')));
    await expect(reading).rejects.toThrow('dropping does not exist any more');
    expect(ids).toEqual([1, 2]);
    await connection.close();
  });

  it('fails when the source is closed while it reads, and goes on from there later', async () => {
    await fill(
      server(),
      'cut_off',
      Array.from({ length: 9 }, (_, i) => ({ _id: i })),
    );
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'cut_off' }] });
    const first = await readStream(connection, 'cut_off', { killAfter: 6 });
    await connection.close();
    const second = await readStream(connection, 'cut_off', after(first));
    expect(second.errors).toHaveLength(1);
    const again = await open(server(), { ...NONE, streams: [{ name: 'cut_off' }] });
    const third = await readStream(again.connection, 'cut_off', after(first));
    expect([...column(first.sent, '_id'), ...column(third.sent, '_id')]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    await again.connection.close();
  });

  it('refuses states of another collection or database kind, and positions that are none', async () => {
    await fill(
      server(),
      'stated',
      [1, 2, 3, 4, 5].map((i) => ({ _id: new ObjectId(String(i).padStart(24, '0')) })),
    );
    const { connection } = await open(server(), { ...NONE, streams: [{ name: 'stated' }] });
    const first = await readStream(connection, 'stated', { killAfter: 3 });
    const [[key, state]] = [...after(first).states] as [[string, JsonObject]];
    const refused = async (changed: JsonObject) => {
      const read = await readStream(connection, 'stated', { states: new Map([[key, { ...state, ...changed }]]) });
      expect(column(read.sent, '_id')).toEqual([]);
      return read.errors[0]?.message;
    };
    expect(await refused({ dialect: 'postgres' })).toContain("of the database kind 'postgres'");
    expect(await refused({ table: 'x.y' })).toContain("of the table 'x.y'");
    expect(await refused({ v: 9 })).toContain('version 9');
    const position = '{"_id":{"$oid":"000000000000000000000002"}}';
    const damaged = (by: string): JsonObject => {
      const text = JSON.stringify(state);
      expect(text).toContain(`"pos":${position}`);
      return JSON.parse(text.replace(`"pos":${position}`, `"pos":${by}`));
    };
    const none = [
      '5',
      '"x"',
      '{}',
      '{"_id":{"$oid":"zz"}}',
      '{"_id":[1]}',
      '{"_id":{"$date":"soon"}}',
      '{"_id":{"$numberLong":"12x"}}',
      '{"_id":{"$numberDouble":"much"}}',
      '{"_id":{"$regularExpression":{"pattern":".*","options":""}}}',
    ];
    for (const each of none)
      expect([each, await refused(damaged(each))]).toEqual([each, expect.stringContaining("no '_id'")]);
    await connection.close();
  });
});

describeWith(
  mongodb,
  'mongodb: a server that dies',
  (server) => {
    it('fails the stream with what was read, between two types of _id as well', async () => {
      await fill(
        server(),
        'dying',
        [1, 2, 'a', 'b', true].map((_id) => ({ _id })),
      );
      const url = `${server().url}?serverSelectionTimeoutMS=300`;
      const { connection } = await open(server(), { ...NONE, streams: [{ name: 'dying' }] }, { url });
      const opened = await connection.streams[0]!.open(undefined);
      const ids: unknown[] = [];
      const reading = readPages(opened, ids, () => server().kill());
      await expect(reading).rejects.toThrow(/Reading gone\.dying failed|Looking at the collections of gone failed/);
      expect(ids).toEqual([1, 2]);
      expect(JSON.stringify(opened.cursor.state())).toContain('"done":false');
      await connection.close();
    });
  },
  { database: 'gone' },
);
