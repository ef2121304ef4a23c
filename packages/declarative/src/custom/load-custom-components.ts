import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import { createModuleLoader } from './create-module-loader.js';

/** The files that an author may write, the first that is there. */
const FILES = ['components.ts', 'components.mts', 'components.js', 'components.mjs'];

/** Finds what the author exports under the last part of a `class_name`. Throws ConnectorError (config) when it is not there. */
export type CustomComponents = (className: string) => unknown;

/**
 * The custom code of a connector: the exports of `components.ts` (or `.mts`, `.js`, `.mjs`) in the manifest's folder.
 * `class_name: source_x.components.Name` finds the export `Name`. TypeScript is transpiled, not checked. The code runs when
 * the first component asks for it, with all the rights of this process: call this only for code that is trusted.
 *
 * Every error says what is wrong: no file, a Python file in its place, code that does not parse (with its line), an export
 * that is not there (with those that are).
 */
export async function loadCustomComponents(folder: string): Promise<CustomComponents> {
  const file = FILES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return (className) => refuse(className, missingFile(folder, nameOf(className)));
  const loader = await createModuleLoader();
  let exported: Record<string, unknown> | undefined;
  return (className) => {
    exported ??= loader.load(join(folder, file));
    const name = nameOf(className);
    if (Object.hasOwn(exported, name)) return exported[name];
    const known = Object.keys(exported).filter((key) => key !== 'default' && key !== '__esModule');
    return refuse(className, `${file} has no export '${name}'. It has: ${known.join(', ') || 'none'}.`);
  };
}

function nameOf(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}

function missingFile(folder: string, name: string): string {
  const wanted = `a file components.ts beside the manifest with an export '${name}' is needed`;
  return existsSync(join(folder, 'components.py'))
    ? `components.py is Python, which does not run here: ${wanted}.`
    : `${wanted}.`;
}

function refuse(className: string, reason: string): never {
  throw new ConnectorError('config', `The custom component '${className}' cannot be made: ${reason}`);
}
