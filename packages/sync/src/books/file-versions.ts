import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseJson } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';

/**
 * Writes one file so that a runner which was asleep (a stopped process) while another took over cannot replace what that one
 * wrote, whatever it had looked at before. Beside FILE there is a second name of the same content, `.FILE.vN`. A link can be
 * made only once: whoever writes makes the one with the next number, and whoever takes the file over takes a number, too. The
 * file before the last stays as `FILE.previous`.
 */
export class FileVersions {
  private constructor(
    private readonly path: string,
    private last: number,
  ) {}

  /**
   * Takes the next number: what others write from now on with what they knew before is refused. A write that was broken off is
   * brought to its end. Throws ConnectorError (config) when somebody has put another file in the place of the last one.
   */
  static async claim(path: string): Promise<FileVersions> {
    await mkdir(dirname(path), { recursive: true });
    for (;;) {
      const last = (await numbers(path))[0] ?? 0;
      await settle(path, last);
      const mark = draftOf(path);
      // Of no file yet: an empty one holds the number.
      if (!(await linked(path, mark))) await (await open(mark, 'wx', 0o600)).close();
      const isOurs = await linked(mark, hidden(path, last + 1)).finally(() => rm(mark, { force: true }));
      if (!isOurs || (await numbers(path))[0] !== last + 1) continue;
      await removeBelow(path, last + 1);
      await removeDrafts(path);
      return new FileVersions(path, last + 1);
    }
  }

  /** Replaces the file in one step, durable when it returns. Throws ConnectorError (system) when another runner has the file. */
  async write(text: string): Promise<void> {
    const { path } = this;
    const next = this.last + 1;
    const draft = draftOf(path);
    try {
      await writeDurably(draft, text);
      if (!(await linked(draft, hidden(path, next)))) throw overtaken(path);
      if ((await numbers(path))[0] !== next) throw overtaken(path);
      await keepPrevious(path);
      await rename(draft, path);
      await syncFolder(dirname(path));
      await this.refuseLateness(next);
    } finally {
      await rm(draft, { force: true });
    }
    this.last = next;
    await removeBelow(path, next);
  }

  /** Whoever slept between the link and the rename has put an old text in the place of a newer one: it is taken back. */
  private async refuseLateness(next: number): Promise<void> {
    const [last] = await numbers(this.path);
    if (last === next || last === undefined) return;
    const newer = draftOf(this.path);
    if ((await stat(hidden(this.path, last))).size > 0 && (await linked(hidden(this.path, last), newer)))
      await rename(newer, this.path);
    throw overtaken(this.path);
  }
}

/** Ends what a kill has broken off between the link and the rename. */
async function settle(path: string, last: number): Promise<void> {
  if (last === 0) return;
  const [there, newest] = [await look(path), await look(hidden(path, last))];
  if (!newest || newest.size === 0 || there?.ino === newest.ino) return;
  const before = await Promise.all((await numbers(path)).slice(1).map((number) => look(hidden(path, number))));
  const isBrokenOff = there === undefined ? false : before.some((one) => one?.ino === there.ino);
  if (isBrokenOff) {
    const draft = draftOf(path);
    if (!(await linked(hidden(path, last), draft))) return;
    await keepPrevious(path);
    await rename(draft, path);
    await syncFolder(dirname(path));
    return;
  }
  // Gone, or another file by somebody's will: the file itself is what counts, but an older copy is not taken unasked.
  if (there && (await isWhole(hidden(path, last))) && (await differ(path, hidden(path, last)))) {
    const name = hidden(path, last);
    throw new ConnectorError(
      'config',
      `The state file ${path} is not the one that was written last: that is ${name}. Delete ${name} to go on from ${path}, or rename it to ${path} to go on from that.`,
    );
  }
}

function overtaken(path: string): ConnectorError {
  return new ConnectorError(
    'system',
    `Another runner has taken over: ${path} was written by it meanwhile, and is left as it is.`,
  );
}

function hidden(path: string, number: number): string {
  return join(dirname(path), `.${basename(path)}.v${number}`);
}

function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.new`;
}

/** The numbers that there are, the highest first. */
async function numbers(path: string): Promise<number[]> {
  const start = `.${basename(path)}.v`;
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(start));
  const all = names.map((name) => Number(name.slice(start.length)));
  return all.filter((number) => Number.isSafeInteger(number) && number > 0).sort((a, b) => b - a);
}

async function removeBelow(path: string, number: number): Promise<void> {
  for (const old of await numbers(path)) if (old < number) await rm(hidden(path, old), { force: true });
}

/** What killed runners have left half written; one that only sleeps finds that it was overtaken. */
async function removeDrafts(path: string): Promise<void> {
  const start = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(start) && /^[0-9a-f]{12}\.new$/.test(name.slice(start.length)))
      await rm(join(dirname(path), name), { force: true });
}

/** A hard link is made by one only. False: there is one already, or nothing to link to. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function look(path: string) {
  return stat(path).catch(() => undefined);
}

async function isWhole(path: string): Promise<boolean> {
  try {
    parseJson(await readFile(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

async function differ(one: string, other: string): Promise<boolean> {
  return !(await readFile(one)).equals(await readFile(other));
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keepPrevious(path: string): Promise<void> {
  const spare = `${path}.previous.new`;
  await unlink(spare).catch(() => undefined);
  if (await linked(path, spare)) await rename(spare, `${path}.previous`);
}

/** A rename is durable when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
