import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** Bundles a file of this folder, with the packages' sources, to a program that a child process can run. */
export async function bundleChild(name: string, folder: string): Promise<string> {
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
