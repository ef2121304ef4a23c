import { expect, it } from 'vitest';
import { api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

// What is small in a manifest or an answer and large when it is worked with. Each ends: with an error, or lazily.

it('YAML of aliases of aliases is refused', async () => {
  const levels = Array.from(
    { length: 30 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
  ).join('\n');
  await expect(connect(`l0: &l0 [x]\n${levels}\n`)).rejects.toMatchObject({ name: 'ManifestError' });
});

it('references to references without end are refused', async () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [
      `d${i}`,
      { a: { $ref: `#/definitions/d${i + 1}` }, b: { $ref: `#/definitions/d${i + 1}` } },
    ]),
  );
  const manifest = manifestOf({ definitions: { ...definitions, d60: {} }, streams: [{ $ref: '#/definitions/d0' }] });
  await expect(connect(manifest)).rejects.toMatchObject({ name: 'ManifestError' });
});

it.each(['[', '{"a":'])('an answer of %s within itself is an error, not a crash', async (open) => {
  const depth = 300_000;
  const body = open === '[' ? '['.repeat(depth) + ']'.repeat(depth) : `${open.repeat(depth)}1${'}'.repeat(depth)}`;
  for (const decoder of [
    { type: 'JsonDecoder' },
    { type: 'JsonlDecoder' },
    { type: 'JsonItemsDecoder', items_path: 'a' },
  ]) {
    const streams = [
      streamOf('a', '/a', {
        retriever: { decoder },
        requester: { error_handler: { type: 'DefaultErrorHandler', max_retries: 0 } },
      }),
    ];
    const connection = await connect(manifestOf({ streams }), { api: api(() => ({ status: 200, body })) });
    const { errors, records } = await readAll(connection);
    expect(errors.length > 0 || (records.a ?? []).length <= 1).toBe(true);
  }
});

it('partitions without number are made as they are read', async () => {
  const values = Array.from({ length: 300 }, (_, i) => String(i));
  const partition_router = 'abcd'
    .split('')
    .map((cursor_field) => ({ type: 'ListPartitionRouter', values, cursor_field }));
  const stop = new AbortController();
  let asked = 0;
  const transport = api(() => {
    if (++asked === 20) stop.abort();
    return { items: [{ id: 1 }] };
  });
  const connection = await connect(
    manifestOf({ streams: [streamOf('a', '/a', { retriever: { partition_router } })] }),
    { api: transport },
  );
  await readAll(connection, { signal: stop.signal }).catch(() => undefined);
  expect(asked).toBeLessThan(60);
});

it('so are the slices of a time that is cut small', async () => {
  const incremental_sync = {
    type: 'DatetimeBasedCursor',
    cursor_field: 'at',
    datetime_format: '%Y-%m-%dT%H:%M:%SZ',
    start_datetime: '1970-01-01T00:00:00Z',
    step: 'PT1S',
    cursor_granularity: 'PT1S',
  };
  const stop = new AbortController();
  let asked = 0;
  const transport = api(() => {
    if (++asked === 20) stop.abort();
    return { items: [] };
  });
  const connection = await connect(manifestOf({ streams: [streamOf('a', '/a', { stream: { incremental_sync } })] }), {
    api: transport,
  });
  await readAll(connection, { signal: stop.signal }).catch(() => undefined);
  expect(asked).toBeLessThan(60);
});
