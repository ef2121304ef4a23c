import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Delivery } from './webhook-queue.js';
import { WAITING_MAX } from './webhook-queue.js';

/** A message for one webhook that nobody has taken yet. */
export interface Undelivered extends Delivery {
  /** See `hookKey`. */
  hook: string;
}

/** Names a webhook without its address, which may be a secret. */
export function hookKey(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 24);
}

/**
 * What a sync could not deliver, in a small file (mode 0600) for the next sync of the connection. It has the bodies as they are
 * sent, without addresses, headers and secrets. Nothing here throws: a message that cannot be kept is lost, and that is logged.
 */
export class UndeliveredFile {
  constructor(
    private readonly path: string,
    private readonly log: (level: 'WARN' | 'DEBUG', message: string) => void,
  ) {}

  /** Oldest first; nothing where there is no file, or none of ours. The file stays until `save`: a kill loses nothing of it. */
  load(): Undelivered[] {
    try {
      const { messages } = JSON.parse(readFileSync(this.path, 'utf8')) as { messages: Undelivered[] };
      return messages.filter((one) =>
        [one.hook, one.id, one.event, one.body].every((text) => typeof text === 'string'),
      );
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT')
        this.log('WARN', `${this.path} holds no messages that can be read (${code ?? 'no JSON'}).`);
      return [];
    }
  }

  /** Keeps what is left, at most 100 for each webhook; of what another sync has kept meanwhile only the `taken` goes. */
  save(left: readonly Undelivered[], taken: ReadonlySet<string>): void {
    try {
      const ours = new Set(left.map(idOf));
      const others = this.load().filter((one) => !taken.has(idOf(one)) && !ours.has(idOf(one)));
      const messages = newest([...others, ...left]);
      if (messages.length === 0) {
        rmSync(this.path, { force: true });
        return;
      }
      const fresh = `${this.path}.${randomBytes(4).toString('hex')}.new`;
      writeFileSync(fresh, `${JSON.stringify({ version: 1, messages })}\n`, { mode: 0o600 });
      renameSync(fresh, this.path);
    } catch (error) {
      this.log('WARN', `Undelivered messages cannot be kept in ${this.path} (${(error as Error).message}).`);
    }
  }
}

/** Of one message for one webhook. */
export function idOf({ hook, id }: Pick<Undelivered, 'hook' | 'id'>): string {
  return `${hook} ${id}`;
}

function newest(messages: readonly Undelivered[]): Undelivered[] {
  const counts = new Map<string, number>();
  const kept = [...messages].reverse().filter(({ hook }) => {
    counts.set(hook, (counts.get(hook) ?? 0) + 1);
    return counts.get(hook)! <= WAITING_MAX;
  });
  return kept.reverse();
}
