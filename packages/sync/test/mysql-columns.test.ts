import type { JsonObject } from '@tidemark/protocol';
import { parseJson } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { mysql, type SchemaChange } from '@tidemark/sync';
import { expect, it } from 'vitest';
import type { Server } from '../../../scripts/servers/supervised.mjs';
import { describeWith, mariadb, mysql as mysqlServer } from '../../../scripts/servers/vitest.mjs';
import {
  Bench,
  batch,
  column,
  type DestinationHarness,
  jobOf,
  planOf,
  schemaOf,
  stateOf,
  things,
} from '../src/testing/harness.ts';
import { query, readTable, settingsOf } from './mysql-server.ts';

let places = 0;

function harness(server: () => Server): DestinationHarness {
  return {
    async place() {
      const name = `columns_${++places}`;
      await query(server(), undefined, `CREATE DATABASE ${name}`);
      return name;
    },
    destination: (place) => mysql(settingsOf(server(), place)),
    read: (place, stream) => readTable(server(), place, stream),
  };
}

const integer = { type: ['null', 'integer'] };
const text = { type: ['null', 'string'] };

/** Writes records of a deduplicated stream as one finished job. */
async function merge(
  bench: Bench,
  job: number,
  schema: JsonObject,
  records: RecordData[],
  primaryKey = [['id']],
): Promise<void> {
  const plan = planOf(jobOf(job), {
    ...{ schema, primaryKey, syncMode: 'incremental', destinationSyncMode: 'append_dedup', generation: 1 },
    begin: job === 1 ? 'anew' : 'resume',
  });
  await bench.attempt(jobOf(job), [plan], async (writer) => {
    await writer.write(plan.key, batch(records));
    await writer.finish(stateOf(plan, {}, records.length));
  });
}

for (const kind of [mysqlServer, mariadb]) {
  describeWith(kind, 'columns', (server) => {
    it('has room for the widest rows: what has no column goes to one of JSON, but for the key', async () => {
      const bench = await Bench.at(harness(server));
      const fields = Array.from({ length: 400 }, (_, index) => `field_${index}`);
      const schema = schemaOf({ ...Object.fromEntries(fields.map((field) => [field, text])), id: integer });
      const record = (id: number) => ({
        id,
        ...Object.fromEntries(fields.map((field) => [field, `${field} `.repeat(40)])),
      });
      await merge(bench, 1, schema, [record(1), record(2), record(1)]);
      const rows = await bench.rows('things');
      expect(column(rows, 'id')).toEqual(['2', '1']);
      for (const row of rows) {
        const all = { ...row, ...(JSON.parse(row._airbyte_undeclared!) as object) };
        expect(all).toMatchObject(Object.fromEntries(fields.map((field) => [field, `${field} `.repeat(40)])));
      }
    });

    it('gives columns to letters that MySQL does not have in names, or takes for others', async () => {
      const bench = await Bench.at(harness(server));
      const fields = ['𝒜', '𝒝', 'İ', 'i', 'I', 'é', 'e', 'ß', 'ss', 'σ', 'ς', 'x'.repeat(70), `${'x'.repeat(70)}y`];
      const record = Object.fromEntries(fields.map((field, index) => [field, `v${index}`]));
      const plan = planOf(jobOf(1), { stream: { name: 'Ω𝒜'.repeat(40) }, schema: schemaOf({ i: text }) });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch([record]));
        await writer.finish(stateOf(plan, {}, 1));
      });
      const [found] = await query(server(), bench.place, "SHOW TABLES LIKE 'Ω%'");
      const [row] = (await readTable(server(), bench.place, String(Object.values(found!)[0])))!;
      expect(
        Object.values(row!)
          .filter((value) => /^v\d+$/.test(value ?? ''))
          .sort(),
      ).toEqual(Object.values(record).sort());
    });

    it('nulls years that MySQL does not have, and keeps them in the changes', async () => {
      const bench = await Bench.at(harness(server));
      const schema = schemaOf({ at: { type: 'string', format: 'date-time' }, day: { type: 'string', format: 'date' } });
      const plan = planOf(jobOf(1), { schema });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(
          plan.key,
          batch([{ at: '-0044-03-15T00:00:00Z', day: '+010000-01-01' }, { at: '9999-12-31T23:59:59.9999999Z' }]),
        );
        await writer.finish(stateOf(plan, {}, 2));
      });
      const [first, second] = await bench.rows('things');
      expect(first).toMatchObject({ at: null, day: null });
      expect(first!._airbyte_meta).toContain('-0044-03-15T00:00:00Z');
      expect(second!.at).toBe('9999-12-31 23:59:59.999999');
    });
  });

  describeWith(kind, 'keys', (server) => {
    it('keeps deduplicating when the key becomes wider, a text, JSON', async () => {
      const bench = await Bench.at(harness(server));
      const record = (json: string) => parseJson(json) as RecordData;
      await merge(bench, 1, schemaOf({ id: integer, v: text }), [
        record('{"id":1,"v":"a"}'),
        record('{"id":2,"v":"b"}'),
      ]);
      await merge(bench, 2, schemaOf({ id: integer, v: text }), [
        record('{"id":12345678901234567890123,"v":"c"}'),
        record('{"id":2,"v":"d"}'),
      ]);
      expect(column(await bench.rows('things'), 'v').sort()).toEqual(['a', 'c', 'd']);
      await merge(bench, 3, schemaOf({ id: text, v: text }), [
        record('{"id":"1","v":"e"}'),
        record('{"id":"x","v":"f"}'),
      ]);
      expect(column(await bench.rows('things'), 'v').sort()).toEqual(['c', 'd', 'e', 'f']);
      await merge(bench, 4, schemaOf({ id: { type: 'object' }, v: text }), [
        record('{"id":"x","v":"g"}'),
        record('{"id":{"a":1},"v":"h"}'),
      ]);
      expect(column(await bench.rows('things'), 'v').sort()).toEqual(['c', 'd', 'e', 'g', 'h']);
    });

    it('chooses one row of each key when a table that has several is deduplicated from now on', async () => {
      const bench = await Bench.at(harness(server));
      const plan = planOf(jobOf(1), { syncMode: 'incremental', destinationSyncMode: 'append', generation: 1 });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch([...things(1, 1, 2), { id: 1, name: 'last' }]));
        await writer.finish(stateOf(plan, {}, 4));
      });
      await merge(bench, 2, plan.schema, things(3));
      expect(column(await bench.rows('things'), 'name')).toEqual(['thing 2', 'last', 'thing 3']);
    });

    it('refuses a key inside JSON that the server could not tell from others', async () => {
      const bench = await Bench.at(harness(server));
      const records = ['{"id":{"n":12345678901234567890123}}', '{"id":{"n":12345678901234567890124}}'].map(
        (json) => parseJson(json) as RecordData,
      );
      await expect(merge(bench, 1, schemaOf({ id: { type: 'object' } }), records, [['id', 'n']])).rejects.toMatchObject(
        {
          kind: 'config',
          message: expect.stringMatching(/key id\.n .*append/),
        },
      );
    });
  });

  describeWith(kind, 'changes of columns', (server) => {
    it('tells of columns that come and grow, and of none in a table that is made', async () => {
      const bench = await Bench.at(harness(server));
      const told: SchemaChange[] = [];
      const append = { destinationSyncMode: 'append' } as const;
      const run = async (job: number, schema: JsonObject, records: RecordData[]) => {
        const plan = planOf(jobOf(job), { ...append, schema });
        const { session } = await bench.open('suite', { schemaChanged: (change) => told.push(change) });
        await session.begin(jobOf(job), [plan]);
        const writer = await session.writer([plan]);
        await writer.write(plan.key, batch(records));
        await writer.finish(stateOf(plan, {}, records.length));
        await writer.close();
        await session.end(jobOf(job), 'complete', { rows: 1, progressed: true });
        await session.close();
      };
      await run(1, schemaOf({ id: integer }), [{ id: 1 }]);
      expect(told).toEqual([]);
      await run(2, schemaOf({ id: text, more: integer }), [{ id: 'a', stray: 1 }]);
      expect(told).toEqual([
        { change: 'column_added', column: 'more', to: 'BIGINT', stream: { name: 'things' } },
        { change: 'column_widened', column: 'id', from: 'BIGINT', to: 'LONGTEXT', stream: { name: 'things' } },
        { change: 'column_added', column: 'stray', to: 'BIGINT', stream: { name: 'things' } },
      ]);
    });

    it('gives a stream with a namespace the database of that name', async () => {
      const bench = await Bench.at(harness(server));
      const stream = { name: 'things', namespace: `shop ${bench.place}` };
      const plan = planOf(jobOf(1), { stream });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch(things(1)));
        await writer.finish(stateOf(plan, {}, 1));
      });
      expect(await readTable(server(), `shop_${bench.place}`, 'things')).toHaveLength(1);
    });

    it('says what a widening has left behind when it was killed: nothing', async () => {
      const bench = await Bench.at(harness(server));
      const plan = planOf(jobOf(1), { destinationSyncMode: 'append' });
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(plan.key, batch(things(1)));
        await writer.finish(stateOf(plan, {}, 1));
      });
      await query(server(), bench.place, 'ALTER TABLE things ADD COLUMN _tidemark_wide LONGTEXT');
      const next = planOf(jobOf(2), { destinationSyncMode: 'append' });
      await bench.attempt(jobOf(2), [next], (writer) => writer.finish(stateOf(next, {})));
      expect(Object.keys((await bench.rows('things'))[0]!)).not.toContain('_tidemark_wide');
    });
  });
}

describeWith(
  mariadb,
  'a small packet',
  (server) => {
    it('does not limit what LOAD DATA brings', async () => {
      const bench = await Bench.at(harness(server));
      const plan = planOf(jobOf(1));
      const long = 'long text '.repeat(2_000_000);
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        await writer.write(
          plan.key,
          batch([
            { id: 1, name: long },
            { id: 2, name: 'short' },
          ]),
        );
        await writer.finish(stateOf(plan, {}, 2));
      });
      const rows = await query(
        server(),
        bench.place,
        'SELECT id, LENGTH(name) AS n, MD5(name) AS sum FROM things ORDER BY id',
      );
      expect(rows.map((row) => Number(row.n))).toEqual([20_000_000, 5]);
    });
  },
  { settings: { max_allowed_packet: 1048576 } },
);

describeWith(
  mariadb,
  'a small packet and no LOAD DATA',
  (server) => {
    it('keeps the row of a text that is too long', async () => {
      const bench = await Bench.at(harness(server));
      const plan = planOf(jobOf(1));
      await bench.attempt(jobOf(1), [plan], async (writer) => {
        const many = Array.from({ length: 500 }, (_, id) => ({ id: id + 2, name: `${'"\'\\\n'.repeat(700)}${id}` }));
        await writer.write(plan.key, batch([{ id: 1, name: 'x'.repeat(600_000) }, ...many]));
        await writer.finish(stateOf(plan, {}, 501));
      });
      const rows = await bench.rows('things');
      expect(rows).toHaveLength(501);
      expect(rows[0]!.name).toBeNull();
      expect(rows[0]!._airbyte_meta).toContain('DESTINATION_FIELD_SIZE_LIMITATION');
      expect(rows[7]!.name).toBe(`${'"\'\\\n'.repeat(700)}6`);
    });
  },
  { settings: { max_allowed_packet: 1048576, local_infile: 'OFF' } },
);
