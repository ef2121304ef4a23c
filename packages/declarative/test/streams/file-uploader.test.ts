import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { attachedFile, discover } from '@tidemark/source';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const uploader = (more: JsonObject = {}): JsonObject => ({
  type: 'FileUploader',
  requester: { type: 'HttpRequester', url: '{{ download_target }}' },
  download_target_extractor: { type: 'DpathExtractor', field_path: ['link'] },
  filename_extractor: '/{{ record.id }}/{{ record.name }}/',
  ...more,
});

function files(
  items: JsonObject[],
  file_uploader = uploader(),
  answer: (path: string) => Answer = (path) => ({ status: 200, body: `content of ${path}` }),
) {
  const transport = api((path) => (path === '/a' ? { items } : answer(path)));
  const manifest = manifestOf({
    streams: [streamOf('a', '/a', { stream: { file_uploader } })],
    check: { type: 'CheckStream', stream_names: ['a'] },
  });
  return { transport, connection: connect(manifest, { api: transport, settings: { filesFolder: folder } }) };
}

describe('FileUploader', () => {
  it('stores the file of each record and says where it lies', async () => {
    const { connection } = files([
      { id: 1, name: 'x.txt', link: 'http://files.test/one' },
      { id: 2, name: 'y.txt', link: 'http://files.test/two' },
    ]);
    const { records, errors } = await readAll(await connection);
    expect(errors).toEqual([]);
    expect(records.a).toEqual([
      { id: 1, name: 'x.txt', link: 'http://files.test/one' },
      { id: 2, name: 'y.txt', link: 'http://files.test/two' },
    ]);
    expect(records.a!.map(attachedFile)).toEqual([
      { staging_file_url: join(folder, 'a/1/x.txt'), source_file_relative_path: 'a/1/x.txt', file_size_bytes: 15 },
      { staging_file_url: join(folder, 'a/2/y.txt'), source_file_relative_path: 'a/2/y.txt', file_size_bytes: 15 },
    ]);
    expect(readFileSync(join(folder, 'a/2/y.txt'), 'utf8')).toBe('content of /two');
  });

  it('says in the catalog that records come with files', async () => {
    const { connection } = files([]);
    expect((await discover(await connection)).streams[0]).toMatchObject({ is_file_based: true });
  });

  it('keeps hostile names inside the folder', async () => {
    const { connection } = files([
      { id: '../..', name: '../../outside.txt', link: 'http://files.test/one' },
      { id: '..\\..', name: 'a\u0000b', link: 'http://files.test/two' },
    ]);
    const { records } = await readAll(await connection);
    expect(records.a!.map((record) => attachedFile(record)?.source_file_relative_path)).toEqual([
      'a/outside.txt',
      'a/ab',
    ]);
    expect(existsSync(join(folder, '..', 'outside.txt'))).toBe(false);
  });

  it('fails where a record names no file, and leaves no half of one', async () => {
    const nameless = await readAll(await files([{ id: 1, name: 'x', link: 7 }]).connection);
    expect(nameless.errors[0]!.message).toBe(
      "A record of the stream 'a' gives a number where the address of its file was due.",
    );
    const refused = files([{ id: 1, name: 'x', link: 'http://files.test/gone' }], undefined, () => ({
      status: 403,
      body: {},
    }));
    expect((await readAll(await refused.connection)).errors).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('fetches one file for a check', async () => {
    const { connection, transport } = files([
      { id: 1, name: 'x', link: 'http://files.test/one' },
      { id: 2, name: 'y', link: 'http://files.test/two' },
    ]);
    expect(await (await connection).check()).toEqual({ succeeded: true });
    expect(transport.asked).toEqual(['GET /a', 'GET /one']);
  });
});
