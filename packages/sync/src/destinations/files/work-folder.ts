import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the working folder of a runner. Those of earlier runners of the same owner are of dead ones, or of overtaken ones. */
export async function workFolderIn(root: string, owner: string, token: number): Promise<string> {
  const start = `${owner.replaceAll('/', '-')}.`;
  for (const name of await readdir(root).catch(() => []))
    if (name.startsWith(start) && /^\d+$/.test(name.slice(start.length)) && Number(name.slice(start.length)) <= token)
      await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
  const folder = join(root, `${start}${token}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
