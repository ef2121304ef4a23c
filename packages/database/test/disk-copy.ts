import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from '../../../scripts/servers/supervised.mjs';

/** A server's files as they are at this moment, for `putBack`: what was committed survives the kill. */
export async function takeCopy(server: Server): Promise<void> {
  await server.kill();
  execFileSync('cp', ['-a', join(server.folder, 'data'), join(server.folder, 'copy')]);
  await server.restart();
}

/** The server goes on with the files of `takeCopy`, as after a restore; `prepare` may change them before. */
export async function putBack(server: Server, prepare: (data: string) => void = () => {}): Promise<void> {
  const data = join(server.folder, 'data');
  await server.kill();
  rmSync(data, { recursive: true });
  renameSync(join(server.folder, 'copy'), data);
  prepare(data);
  await server.restart();
}
