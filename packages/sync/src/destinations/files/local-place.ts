import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import { localError } from './local-errors.js';
import { Overtaken, type Place, type PlacedFile, type PlacedText } from './place.js';
import { workFolderIn } from './work-folder.js';

/** What file systems say that have no hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
/** The name under which the work folders of runs are, in the place itself so that a file can be renamed out of them. */
const WORK = '_tidemark/work';

/** A folder of this machine or of a share. */
export class LocalPlace implements Place {
  readonly name: string;
  private readonly root: string;

  constructor(folder: string) {
    this.root = resolve(folder);
    this.name = `files:${folder}`;
  }

  async open(look: boolean): Promise<boolean> {
    if (look) return (await statOf(this.root)) !== undefined;
    await this.guard(() => mkdir(join(this.root, WORK), { recursive: true }));
    return true;
  }

  async workFolder(connection: string, token: number): Promise<string> {
    return this.guard(() => workFolderIn(join(this.root, WORK), connection, token));
  }

  /** The file itself is what others read; which version counts is said by the hidden ones beside it. */
  async read(path: string): Promise<PlacedText | undefined> {
    for (;;) {
      const [last] = await this.versions(path);
      try {
        const text = await readFile(last ? this.hidden(path, last) : this.at(path), 'utf8');
        return { text, version: String(last ?? 0) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw localError(error, this.at(path));
        // A newer version has taken its place since the folder was listed.
        if (last === undefined) return undefined;
      }
    }
  }

  /**
   * A link can be made only once: of two that replace the same version one gets the next number. Whoever was asleep while
   * several versions came and went finds a higher one afterwards.
   */
  async replace(path: string, text: string, expected: string | undefined): Promise<string> {
    const next = Number(expected ?? 0) + 1;
    const full = this.at(path);
    const draft = `${dirname(full)}/.${basename(full)}.${randomBytes(6).toString('hex')}.new`;
    return this.guard(async () => {
      await mkdir(dirname(full), { recursive: true });
      if (expected === undefined && (await this.read(path))) throw new Overtaken(path);
      try {
        await writeDurably(draft, text);
        await link(draft, this.hidden(path, next)).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') throw new Overtaken(path);
          throw NO_LINKS.has(error.code ?? '') ? noLinks(this.root, error) : error;
        });
        const [last] = await this.versions(path);
        if (last !== next) throw new Overtaken(path);
        await rename(draft, full);
        await syncFolder(dirname(full));
      } finally {
        await rm(draft, { force: true });
      }
      for (const old of (await this.versions(path)).filter((version) => version < next))
        await rm(this.hidden(path, old), { force: true });
      return String(next);
    });
  }

  async put(file: string, path: string): Promise<void> {
    const full = this.at(path);
    await this.guard(async () => {
      await mkdir(dirname(full), { recursive: true });
      await syncFile(file);
      await rename(file, full);
      await syncFolder(dirname(full));
    });
  }

  async fetch(path: string): Promise<string> {
    return this.at(path);
  }

  async copy(from: string, to: string): Promise<void> {
    await this.guard(async () => {
      await mkdir(dirname(this.at(to)), { recursive: true });
      try {
        await link(this.at(from), this.at(to));
      } catch (error) {
        if (['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
        await copyFile(this.at(from), this.at(to), constants.COPYFILE_EXCL); // a file system without links
        await syncFile(this.at(to));
      }
      await syncFolder(dirname(this.at(to)));
    });
  }

  async list(folder: string): Promise<PlacedFile[]> {
    const files: PlacedFile[] = [];
    for (const entry of await this.entries(folder)) {
      if (!entry.isFile()) continue;
      const found = await statOf(join(this.at(folder), entry.name));
      if (found) files.push({ path: folder === '' ? entry.name : `${folder}/${entry.name}`, bytes: found.size });
    }
    return files;
  }

  async folders(folder: string): Promise<string[]> {
    return (await this.entries(folder)).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths)
      await this.guard(() =>
        unlink(this.at(path)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        }),
      );
  }

  async close(workFolder: string | undefined): Promise<void> {
    if (workFolder) await rm(workFolder, { recursive: true, force: true }).catch(() => undefined);
  }

  private at(path: string): string {
    return join(this.root, path);
  }

  private hidden(path: string, version: number): string {
    return this.at(join(dirname(path), `.${basename(path)}.v${version}`));
  }

  /** The numbers of the versions that there are, the highest first. */
  private async versions(path: string): Promise<number[]> {
    const start = `.${basename(path)}.v`;
    const names = (await this.entries(dirname(path))).map((entry) => entry.name);
    const numbers = names.filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length)));
    return numbers.filter((number) => Number.isSafeInteger(number) && number > 0).sort((a, b) => b - a);
  }

  private async entries(folder: string) {
    try {
      return await readdir(this.at(folder), { withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw localError(error, this.at(folder));
    }
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof Overtaken ? error : localError(error, this.root);
    }
  }
}

function noLinks(root: string, error: Error): ConnectorError {
  return new ConnectorError(
    'config',
    `The file system of ${root} has no hard links, or does not let them be made: two runners could not be kept apart. Name a folder of another one.`,
    { detail: error.message },
  );
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name is durable when its folder is. Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
