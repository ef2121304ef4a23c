import { describe, expect, it } from 'vitest';
import { unknownFields } from '../src/key-fields.ts';
import { chooseModes, sourceCursorWarning } from '../src/modes.ts';
import { count, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, type FakeStream, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
let files = 0;
const begin = (...streams: FakeStream[]) => new Transcript(new FakeSource(streams), `${folder}/${++files}.duckdb`);

describe('a key or a cursor with a name that the schema does not have', () => {
  it('is refused before anything is read, with what was probably meant', async () => {
    const transcript = begin({ name: 'events', rows: rows(20), slices: { step: 10, until: 20 } });
    const wishes = [
      [{ primary_key: [['id'], ['nam']] }, /primary_key names 'nam' \(did you mean 'name'\?\).* It has: id, name/],
      [{ primary_key: [['iid', 'of']] }, /primary_key names 'iid' \(did you mean 'id'\?\)/],
      [{ primary_key: [['key']] }, /primary_key names 'key', which the stream's schema does not have/],
      [{ cursor_field: ['updatd'] }, /cursor_field names 'updatd' \(did you mean 'updated'\?\)/],
    ] as const;
    for (const [wish, message] of wishes) {
      transcript.streams = [{ name: 'events', ...structuredClone(wish) } as never];
      await expect(transcript.run()).rejects.toMatchObject({ kind: 'config', message: expect.stringMatching(message) });
    }
    expect(transcript.source.requests).toEqual([]);
    transcript.streams = [{ name: 'events', primary_key: [['id'], ['name']], cursor_field: ['updated'] }];
    expect((await transcript.run()).outcome).toBe('complete');
  });

  it('costs only its own stream when it is the source that says so, and can be set right', async () => {
    const transcript = begin(
      { name: 'events', rows: rows(20), slices: { step: 10, until: 20 }, primaryKey: [['id'], ['region']] },
      { name: 'users', rows: rows(3), primaryKey: [['region']] },
    );
    const result = await transcript.run({ retry: {} });
    expect(result).toMatchObject({ outcome: 'partial', attempt: 1, errors: [{ kind: 'config' }] });
    expect(result.streams).toMatchObject([
      { status: 'failed', error: { message: expect.stringMatching(/source gives it names 'region'.*primary_key/s) } },
      { status: 'complete', committed: 3 },
    ]);
    transcript.streams = [{ name: 'events', primary_key: [['id']] }];
    expect((await transcript.run({ restart: true })).outcome).toBe('complete');
    expect(await count(transcript.file, 'SELECT count(*) FROM events')).toBe(20);
  });

  it('is let pass where the schema says nothing about its fields', () => {
    const paths = [['id']];
    for (const schema of [{}, { type: 'object', properties: {} }, { allOf: [], properties: { a: {} } }])
      expect(unknownFields(schema, paths)).toBeUndefined();
    expect(unknownFields({ properties: { a: {} }, patternProperties: { '^i': {} } }, paths)).toBeUndefined();
    expect(unknownFields({ properties: { a: {} }, additionalProperties: true }, paths)).toMatch(/^'id', which/);
  });

  it('warns of a cursor that the source itself names', () => {
    const description = {
      name: 'events',
      json_schema: { properties: { id: {} } },
      supported_sync_modes: ['incremental' as const],
      source_defined_primary_key: [['id']],
      default_cursor_field: ['at'],
    };
    expect(sourceCursorWarning(chooseModes(description))).toMatch(/'events': the cursor .* names 'at'/);
    expect(sourceCursorWarning(chooseModes({ ...description, default_cursor_field: ['id'] }))).toBeUndefined();
  });
});
