import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Schemas are files of some kilobytes. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads files of a connector's folder by their path below it, as text; undefined where there is none. What a path or a
 * symbolic link leads to outside the folder is not there, nor is what is no plain file or has more than 64 MiB.
 */
export function connectorFolder(folder: string): (path: string) => string | undefined {
  return (path) => {
    try {
      const root = realpathSync(folder);
      const file = realpathSync(join(root, path));
      const stat = file.startsWith(root.endsWith(sep) ? root : root + sep) ? statSync(file) : undefined;
      return stat?.isFile() && stat.size <= BYTES_MAX ? readFileSync(file, 'utf8') : undefined;
    } catch {
      return undefined;
    }
  };
}
