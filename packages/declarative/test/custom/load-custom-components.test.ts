import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError as DoorError } from '../../src/component.js';
import { loadCustomComponents } from '../../src/custom/load-custom-components.js';

const folders: string[] = [];

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-custom-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('custom components', () => {
  it('finds the export that class_name ends with, whatever the package before it', async () => {
    const find = await loadCustomComponents(
      folderWith({
        'components.ts': [
          "import { ConnectorError, type CustomArguments, type Transformation } from '@tidemark/declarative/component';",
          'enum Kind { A = "a" }',
          'export class Upper implements Transformation {',
          '  constructor(private readonly args: CustomArguments) {}',
          '  transform(record: Record<string, unknown>): void { record.kind = Kind.A as string satisfies string; }',
          '  get error() { return ConnectorError; }',
          '}',
          'export function lower({ parameters }: CustomArguments) { return parameters; }',
        ].join('\n'),
      }),
    );
    const Upper = find('source_shop.components.Upper') as new (
      args: unknown,
    ) => { transform(record: object): void; error: unknown };
    const record = {};
    const made = new Upper({});
    made.transform(record);
    expect(record).toEqual({ kind: 'a' });
    expect(made.error).toBe(DoorError);
    expect((find('lower') as (args: object) => unknown)({ parameters: 7 })).toBe(7);
    expect(find('source_shop.components.Upper')).toBe(Upper);
  });

  it('loads the files that it imports, as TypeScript writes them, once each', async () => {
    const find = await loadCustomComponents(
      folderWith({
        'components.mjs':
          "import { count } from './lib/count.js';\nimport table from './table.json';\nexport const Both = () => [count(), count(), table.a];",
        'lib/count.ts': 'let n: number = 0;\nexport function count(): number { return ++n; }',
        'table.json': '{"a": 5}',
      }),
    );
    expect((find('x.Both') as () => number[])()).toEqual([1, 2, 5]);
  });

  it('lists what there is when an export is missing', async () => {
    const find = await loadCustomComponents(folderWith({ 'components.ts': 'export const A = 1;\nexport class B {}' }));
    expect(() => find('source_x.components.C')).toThrow(
      "The custom component 'source_x.components.C' cannot be made: components.ts has no export 'C'. It has: A, B.",
    );
    expect(() => find('source_x.components.constructor')).toThrow("has no export 'constructor'");
  });

  it('says that Python does not run here', async () => {
    const find = await loadCustomComponents(folderWith({ 'components.py': 'class A: pass' }));
    expect(() => find('source_x.components.A')).toThrow(
      "components.py is Python, which does not run here: a file components.ts beside the manifest with an export 'A' is needed.",
    );
    expect(() => find('source_x.components.A')).toThrow(ConnectorError);
  });

  it('says where code does not parse, and what it throws when it runs', async () => {
    const broken = await loadCustomComponents(
      folderWith({ 'components.ts': 'export const A = 1;\nexport const B = (;' }),
    );
    expect(() => broken('B')).toThrow(/^components\.ts cannot be loaded: Unexpected token \(2:19\)$/);
    const throwing = await loadCustomComponents(folderWith({ 'components.ts': "throw new Error('no luck');" }));
    expect(() => throwing('B')).toThrow('components.ts cannot be loaded: no luck');
    const lonely = await loadCustomComponents(
      folderWith({ 'components.ts': "import { a } from './gone.js';\nexport const B = a;" }),
    );
    expect(() => lonely('B')).toThrow("components.ts imports './gone.js', which is not there.");
  });

  it('runs nothing before a component asks for it', async () => {
    const folder = folderWith({ 'components.ts': "throw new Error('ran');" });
    await expect(loadCustomComponents(folder)).resolves.toBeTypeOf('function');
  });
});
