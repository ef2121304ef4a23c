import { mkdtemp, open, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that is written and read at places. Both may do less than they are asked for, as the system's calls do. */
export interface SpoolHandle {
  write(bytes: Uint8Array, from: number, length: number, at: number): Promise<{ bytesWritten: number }>;
  read(into: Uint8Array, from: number, length: number, at: number): Promise<{ bytesRead: number }>;
  close(): Promise<void>;
}

/**
 * A file for this process alone: of mode 0600 in a directory of mode 0700 of its own, and without a name as soon as it is
 * open, so that nothing is left behind however the process ends. Where the system keeps the names of open files (Windows) both
 * go when the file is closed. Throws what the system says.
 */
export async function openHidden(parent: string): Promise<SpoolHandle> {
  const directory = await mkdtemp(join(parent, 'tidemark-spool-'));
  const path = join(directory, 'rows');
  const handle = await open(path, 'wx+', 0o600).catch(async (error) => {
    await rmdir(directory).catch(() => undefined);
    throw error;
  });
  const isNameless = await unlink(path)
    .then(() => rmdir(directory))
    .then(
      () => true,
      () => false,
    );
  return {
    write: (bytes, from, length, at) => handle.write(bytes, from, length, at),
    read: (into, from, length, at) => handle.read(into, from, length, at),
    async close() {
      await handle.close();
      if (!isNameless) await rm(directory, { recursive: true, force: true });
    },
  };
}
