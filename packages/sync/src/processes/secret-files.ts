import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from '@tidemark/protocol';
import { isAlive, thisMachine } from '../books/this-machine.js';
import { CONTAINER_FOLDER, type Program } from './program.js';

/** What a verb is given as files: written for nobody else to read, gone when the program has ended. */
export class SecretFiles {
  private readonly names: string[] = [];
  private readonly atExit: () => void;

  private constructor(
    private readonly outer: string,
    /** The folder that a container is given. */
    readonly folder: string,
    private readonly inContainer: boolean,
  ) {
    this.atExit = () => rmSync(outer, { recursive: true, force: true });
    process.on('exit', this.atExit);
  }

  /** Writes `{ config, catalog, state }`, whichever are there; numbers keep their digits. */
  static async write(program: Program, values: Record<string, unknown>): Promise<SecretFiles> {
    const inContainer = program.docker !== undefined;
    // Only this user passes the outer folder. A container has a user of its own, and must pass the inner one.
    swept ??= sweep();
    await swept;
    const outer = await mkdtemp(join(tmpdir(), `${ours()}-${process.pid}-`));
    const folder = join(outer, 'files');
    await mkdir(folder, { mode: 0o700 });
    if (inContainer) await chmod(folder, 0o755);
    const files = new SecretFiles(outer, folder, inContainer);
    try {
      for (const [name, value] of Object.entries(values)) {
        if (value === undefined) continue;
        const path = join(folder, `${name}.json`);
        await writeFile(path, stringify(value), { mode: 0o600 });
        if (inContainer) await chmod(path, 0o644);
        files.names.push(name);
      }
    } catch (error) {
      await files.remove();
      throw error;
    }
    return files;
  }

  /** `--config PATH` and so on, as the program sees the paths. */
  options(): string[] {
    const folder = this.inContainer ? CONTAINER_FOLDER : this.folder;
    return this.names.flatMap((name) => [`--${name}`, `${folder}/${name}.json`]);
  }

  async remove(): Promise<void> {
    process.off('exit', this.atExit);
    await rm(this.outer, { recursive: true, force: true });
  }
}

let swept: Promise<void> | undefined;

/** The same on one machine until it is started anew: only there does a process number say whose a folder is. */
function ours(): string {
  return `tidemark-files-${createHash('sha256').update(thisMachine()).digest('hex').slice(0, 8)}`;
}

/** Removes what processes have left that were killed. */
async function sweep(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(`${ours()}-`) ? Number(name.split('-').at(-2)) : Number.NaN;
    if (Number.isSafeInteger(pid) && !isAlive(pid))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
