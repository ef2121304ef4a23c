import { ModuleLoader, type Transpile } from './module-loader.js';

/** A loader of authors' modules, TypeScript or JavaScript, that gives them Tidemark's own modules. */
export async function createModuleLoader(): Promise<ModuleLoader> {
  return new ModuleLoader(await transpiler(), await doors());
}

/** The modules that an author imports without having them installed: this process's own. */
async function doors(): Promise<ReadonlyMap<string, unknown>> {
  return new Map<string, unknown>([
    ['@tidemark/declarative/component', await import('../component.js')],
    ['@tidemark/declarative/manifest', await import('../manifest.js')],
    ['@tidemark/source', await import('@tidemark/source')],
    ['@tidemark/protocol', await import('@tidemark/protocol')],
    ['@tidemark/interpolation', await import('@tidemark/interpolation')],
  ]);
}

async function transpiler(): Promise<Transpile> {
  const { transform } = await import('sucrase');
  return (code, filePath) =>
    transform(code, {
      filePath,
      transforms: ['typescript', 'imports'],
      preserveDynamicImport: true,
      disableESTransforms: true,
      keepUnusedImports: false,
    }).code;
}
