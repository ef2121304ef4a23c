import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { afterAll, beforeAll } from 'vitest';

/** A folder that goes away with the test file, inside the package: a program in it finds the package's own drivers. */
export function programFolder(): string {
  const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${cache}program-`);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file of this folder as a program, made before the first test; gives its path. */
export function childProgram(name: string): () => string {
  const folder = programFolder();
  let program = '';
  beforeAll(async () => {
    program = await bundleChild(name, folder);
  });
  return () => program;
}

/** Bundles a file of this folder, with the packages' sources, to a program that a child process can run. */
async function bundleChild(name: string, folder: string): Promise<string> {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const packages = fileURLToPath(new URL('../../', import.meta.url));
  await build({
    entry: { [name]: `${here}${name}.ts` },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    clean: false,
    config: false,
    silent: true,
    dts: false,
    tsconfig: `${packages}sync/tsconfig.json`,
    noExternal: [/^@tidemark\//],
    external: [
      '@duckdb/node-api',
      '@duckdb/node-bindings',
      'ajv',
      'js-yaml',
      'mysql2',
      /^@aws-sdk\//,
      'pg',
      'pg-copy-streams',
    ],
    esbuildOptions(options) {
      options.alias = {
        '@tidemark/protocol': `${packages}protocol/src/index.ts`,
        '@tidemark/source': `${packages}source/src/index.ts`,
        '@tidemark/sync': `${packages}sync/src/index.ts`,
      };
    },
  });
  return `${folder}/${name}.mjs`;
}
