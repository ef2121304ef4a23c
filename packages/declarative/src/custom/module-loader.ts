import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import { ConnectorError } from '@tidemark/source';

/** TypeScript or ES modules to CommonJS, line for line. Throws Error when the code does not parse. */
export type Transpile = (code: string, file: string) => string;

const EXTENSIONS = ['', '.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js'];

interface LoadedModule {
  exports: Record<string, unknown>;
}

/**
 * Loads an author's module and what it imports: its own files are transpiled, `doors` are modules that this process gives,
 * and everything else comes from the `node_modules` of the author's folder. Each file runs once.
 */
export class ModuleLoader {
  private readonly modules = new Map<string, LoadedModule>();

  constructor(
    private readonly transpile: Transpile,
    private readonly doors: ReadonlyMap<string, unknown>,
  ) {}

  /** The exports of a file. Throws ConnectorError (config) that names the file when it does not parse or run. */
  load(file: string): Record<string, unknown> {
    const known = this.modules.get(file);
    if (known) return known.exports;
    const module: LoadedModule = { exports: {} };
    this.modules.set(file, module);
    try {
      this.run(file, module);
    } catch (error) {
      this.modules.delete(file);
      if (error instanceof ConnectorError) throw error;
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      throw new ConnectorError(
        'config',
        `${basename(file)} cannot be loaded: ${message.replace(`Error transforming ${file}: `, '')}`,
        { detail: stack, cause: error },
      );
    }
    return module.exports;
  }

  private run(file: string, module: LoadedModule): void {
    const source = readFileSync(file, 'utf8');
    if (file.endsWith('.json')) {
      module.exports = JSON.parse(source) as Record<string, unknown>;
      return;
    }
    const code = this.transpile(source, file);
    // A dynamic import would have to be resolved by whoever compiles: an author has no need of it.
    const body = compileFunction(code, ['module', 'exports', 'require'], { filename: file });
    const outside = createRequire(file);
    const require = (specifier: string): unknown => this.require(specifier, file, outside);
    body.call(module.exports, module, module.exports, require);
  }

  private require(specifier: string, from: string, outside: NodeJS.Require): unknown {
    if (this.doors.has(specifier)) return this.doors.get(specifier);
    if (!specifier.startsWith('.')) return outside(specifier);
    const path = resolve(dirname(from), specifier);
    const written = EXTENSIONS.map((extension) => path + extension).find(isFile) ?? typescriptOf(path);
    if (written === undefined)
      throw new ConnectorError('config', `${basename(from)} imports '${specifier}', which is not there.`);
    return this.load(written);
  }
}

/** TypeScript's own way of writing imports: `./x.js` is `x.ts`. */
function typescriptOf(path: string): string | undefined {
  const source = path.replace(/\.(m?)js$/, '.$1ts');
  return source !== path && isFile(source) ? source : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
