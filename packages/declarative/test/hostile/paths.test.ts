import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectorFolder } from '../../src/connector-folder.js';
import { loadCustomComponents } from '../../src/custom/load-custom-components.js';
import { api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

let root: string;
let folder: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-paths-'));
  folder = join(root, 'connector');
  mkdirSync(join(folder, 'schemas'), { recursive: true });
  mkdirSync(join(root, 'connector-of-another'));
  const schema = (title: string) => JSON.stringify({ type: 'object', title });
  writeFileSync(join(folder, 'schemas/inside.json'), schema('inside'));
  writeFileSync(join(root, 'outside.json'), schema('outside'));
  writeFileSync(join(root, 'connector-of-another/a.json'), schema('outside'));
  symlinkSync(join(root, 'outside.json'), join(folder, 'schemas/link.json'));
  symlinkSync(root, join(folder, 'up'));
  for (const [name, file] of [
    ['by-path', '../../outside.json'],
    ['by-link', 'link.json'],
  ] as const)
    writeFileSync(join(folder, `schemas/${name}.json`), JSON.stringify({ properties: { a: { $ref: file } } }));
});
afterAll(() => rmSync(root, { recursive: true }));

/** The schema of a stream whose manifest names this file, or why there is none. */
async function schemaOf(file_path: string): Promise<string> {
  const schema_loader = { type: 'JsonFileSchemaLoader', file_path };
  try {
    const connection = await connect(manifestOf({ streams: [streamOf('a', '/a', { stream: { schema_loader } })] }), {
      readFile: connectorFolder(folder),
      config: { up: '../outside.json' },
    });
    return JSON.stringify(await connection.streams[0]!.describe());
  } catch (error) {
    return String(error);
  }
}

describe('files of schemas', () => {
  it('inside the folder are read', async () => {
    expect(await schemaOf('./schemas/inside.json')).toContain('"title":"inside"');
    expect(await schemaOf('/schemas/inside.json')).toContain('"title":"inside"');
  });

  it.each([
    '../outside.json',
    './schemas/../../outside.json',
    'source_x/../../outside.json',
    './/../outside.json',
    '..\\outside.json',
    "{{ config['up'] }}",
    'C:/outside.json',
    'schemas/inside.json\0.txt',
    '../connector-of-another/a.json',
  ])('outside of it are not: %j', async (path) => {
    expect(await schemaOf(path)).toMatch(
      /ConnectorError: .*(outside the connector's folder|not in the connector's folder)/,
    );
  });

  it('by an absolute path are looked for below the folder', async () => {
    expect(await schemaOf(join(root, 'outside.json'))).toContain("is not in the connector's folder");
    expect(await schemaOf('/etc/hostname')).toContain("is not in the connector's folder");
  });

  it.each(['schemas/link.json', 'up/outside.json'])('behind a link that leads out are not there: %s', async (path) => {
    expect(await schemaOf(path)).toContain("is not in the connector's folder");
  });

  it.each(['schemas/by-path.json', 'schemas/by-link.json'])(
    'that others refer to stay inside too: %s',
    async (path) => {
      expect(await schemaOf(path)).toMatch(
        /ConnectorError: .*(outside the connector's folder|refers to link.json, which is not there)/,
      );
    },
  );

  it('that refer to each other without end are refused', async () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `d${i}`,
        { a: { $ref: `#/definitions/d${i + 1}` }, b: { $ref: `#/definitions/d${i + 1}` } },
      ]),
    );
    writeFileSync(
      join(folder, 'schemas/laughs.json'),
      JSON.stringify({ definitions: { ...definitions, d40: {} }, x: { $ref: '#/definitions/d0' } }),
    );
    expect(await schemaOf('schemas/laughs.json')).toContain('ConnectorError');
  });
});

describe('custom code', () => {
  it.each(['../evil.Name', '/etc/passwd', 'x/../../y.Name', 'constructor', '__proto__', 'a.toString'])(
    'is never found by a path or by what objects inherit: %s',
    async (name) => {
      writeFileSync(join(folder, 'components.ts'), 'export class Honest {}');
      const find = await loadCustomComponents(folder);
      expect(() => find(name)).toThrow('It has: Honest.');
    },
  );

  it('is not loaded by the library unless it is told to', async () => {
    const proof = join(root, 'ran');
    writeFileSync(
      join(folder, 'components.ts'),
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(proof)}, ''); export class T {}`,
    );
    const transformations = [{ type: 'CustomTransformation', class_name: 'source_x.components.T' }];
    const manifest = manifestOf({ streams: [streamOf('a', '/a', { stream: { transformations } })] });
    await expect(connect(manifest, { readFile: connectorFolder(folder) })).rejects.toThrow(
      'not there or not allowed here',
    );
    expect(existsSync(proof)).toBe(false);
    const connection = await connect(manifest, {
      customComponent: await loadCustomComponents(folder),
      api: api(() => ({ items: [] })),
    });
    await readAll(connection);
    expect(existsSync(proof)).toBe(true);
  });
});

it('files that are fetched stay in the folder for files, whatever the API names them', async () => {
  const names = [
    '../../up.txt',
    '/etc/cron.d/x',
    '..\\..\\win.txt',
    'a/../../../b',
    '\0',
    '.',
    '..',
    'C:\\x',
    'x\0/../y',
    `${'../'.repeat(50)}z`,
  ];
  const file_uploader = {
    type: 'FileUploader',
    requester: { type: 'HttpRequester', url: '{{ download_target }}' },
    download_target_extractor: { type: 'DpathExtractor', field_path: ['url'] },
    filename_extractor: '{{ record.name }}',
  };
  const filesFolder = join(root, 'files');
  mkdirSync(filesFolder);
  const before = readdirSync(root);
  const items = names.map((name, id) => ({ id, name, url: `http://api.test/${id}` }));
  const connection = await connect(manifestOf({ streams: [streamOf('../a', '/a', { stream: { file_uploader } })] }), {
    settings: { filesFolder },
    api: api((path) => (path === '/a' ? { items } : { content: path })),
  });
  const { errors } = await readAll(connection);
  expect(errors).toEqual([]);
  expect(readdirSync(root)).toEqual(before);
  expect(readdirSync(filesFolder)).toEqual(['a']);
});
