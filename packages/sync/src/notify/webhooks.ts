import { createHash, randomUUID } from 'node:crypto';
import type { SyncEnd, SyncObserver } from '../observe.js';
import type { SyncEvent } from '../progress.js';
import { SyncStopped } from '../stop-deadline.js';
import {
  type ErrorFacts,
  errorFacts,
  type SchemaChangeFacts,
  schemaChangeFacts,
  streamFacts,
  unparsableFacts,
} from './stream-facts.js';
import { hookKey, idOf, UndeliveredFile } from './undelivered.js';
import { sentence, type WebhookBody } from './webhook-body.js';
import { type Delivery, WebhookQueue } from './webhook-queue.js';
import { WEBHOOK_EVENTS, type WebhookEventName, type WebhookSettings } from './webhook-settings.js';

/** What webhooks are told about besides events. */
export interface WebhookOptions {
  connection: string;
  /** The destination's name, without secrets. */
  destination: string;
  log: (level: 'WARN' | 'DEBUG', message: string) => void;
  /** Takes secrets out of a text. */
  redact?: (text: string) => string;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  /** How long the end of a sync may wait for what is not delivered yet. Default: 5; 2 when the sync was stopped. */
  flushSeconds?: number;
  /** Of the first pause between two tries; a test makes it short. */
  pauseMs?: number;
  /** A file in which what is not delivered waits for the next sync of the connection; absent: it is dropped. */
  keepIn?: string;
}

const FLUSH_SECONDS = 5;
const FLUSH_SECONDS_STOPPED = 2;

/** Tells webhooks what a sync does. `close` waits for deliveries, in bounded time. */
export function webhooks(hooks: readonly WebhookSettings[], options: WebhookOptions): SyncObserver {
  return new Webhooks(hooks, options);
}

/** The attempt that is running or was the last to run. */
interface Attempt {
  job: number;
  nonce: string;
  attempt: number;
  streams: WebhookBody['streams'];
}

class Webhooks implements SyncObserver {
  private readonly hooks: { key: string; events: ReadonlySet<string>; queue: WebhookQueue }[];
  private readonly kept: UndeliveredFile | undefined;
  /** Everything that was to be delivered, for `UndeliveredFile.save`. */
  private readonly pushed = new Set<string>();
  private readonly redact: (text: string) => string;
  private readonly clock: () => number;
  private attempt: Attempt | undefined;
  /** Why the attempt before failed. */
  private before: ErrorFacts[] = [];
  private schemaMessages = 0;
  private stopped = false;

  constructor(
    hooks: readonly WebhookSettings[],
    private readonly options: WebhookOptions,
  ) {
    this.redact = options.redact ?? ((text) => text);
    this.clock = options.clock ?? Date.now;
    const { log, pauseMs, keepIn } = options;
    this.kept = keepIn === undefined ? undefined : new UndeliveredFile(keepIn, log);
    this.hooks = hooks.map((hook, index) => ({
      key: hookKey(hook.url),
      events: new Set(hook.events ?? WEBHOOK_EVENTS),
      queue: new WebhookQueue(hook, `Webhook ${index + 1} (${new URL(hook.url).host})`, {
        log,
        pauseMs,
        clock: this.clock,
        keeps: keepIn !== undefined,
      }),
    }));
    for (const { hook, ...delivery } of this.kept?.load() ?? []) this.push(delivery, ({ key }) => key === hook);
  }

  event(event: SyncEvent): void {
    switch (event.type) {
      case 'start': {
        const { jobId: job, nonce, attempt } = event;
        this.attempt = { job, nonce, attempt, streams: event.streams.map((one) => streamFacts(one, this.redact)) };
        this.send(attempt === 1 ? 'start' : 'resumed', { errors: this.before });
        return;
      }
      case 'schema':
        this.schemaMessages++;
        this.send('schema_change', { changes: event.changes.map(schemaChangeFacts) });
        return;
      case 'attempt':
        this.before = event.result.errors.map((error) => errorFacts(error, this.redact));
        return;
      default:
    }
  }

  over({ result, error }: SyncEnd): void {
    if (error instanceof SyncStopped) {
      this.stopped = true;
      this.send('stopped', { outcome: 'stopped' });
      return;
    }
    if (error) {
      this.send('failure', { outcome: 'failed', errors: [errorFacts(error, this.redact)] });
      return;
    }
    this.stopped = result.outcome === 'stopped';
    if (this.attempt) this.attempt.streams = result.streams.map((one) => streamFacts(one, this.redact));
    const names = { complete: 'success', stopped: 'stopped', partial: 'failure', failed: 'failure' } as const;
    this.send(names[result.outcome], {
      outcome: result.outcome,
      rows: result.rows,
      seconds: result.elapsedSeconds,
      errors: result.errors.map((one) => errorFacts(one, this.redact)),
      unparsable: unparsableFacts(result.attempts),
    });
  }

  async close(most = Number.POSITIVE_INFINITY): Promise<void> {
    const seconds = this.options.flushSeconds ?? (this.stopped ? FLUSH_SECONDS_STOPPED : FLUSH_SECONDS);
    const ms = Math.min(most, seconds * 1000);
    const left = await Promise.all(
      this.hooks.map(async ({ key, queue }) => (await queue.close(ms)).map((one) => ({ ...one, hook: key }))),
    );
    const all = left.flat();
    this.kept?.save(all, new Set([...this.pushed].filter((id) => !all.some((one) => idOf(one) === id))));
  }

  private send(event: WebhookEventName, more: Facts): void {
    const { attempt, options } = this;
    const body: Omit<WebhookBody, 'text'> = {
      version: 1,
      id: this.idOf(event),
      event,
      at: new Date(this.clock()).toISOString(),
      connection: options.connection,
      destination: this.redact(options.destination),
      job: attempt?.job ?? null,
      attempt: attempt?.attempt ?? null,
      outcome: more.outcome ?? null,
      rows: more.rows ?? 0,
      seconds: more.seconds ?? null,
      streams: attempt?.streams ?? [],
      unparsable: more.unparsable ?? null,
      errors: more.errors ?? [],
      schema_changes: more.changes ?? [],
    };
    const { version, id, event: name, at, ...rest } = body;
    const text = JSON.stringify({ version, id, event: name, at, text: sentence(body), ...rest } satisfies WebhookBody);
    this.push({ id, event, body: text }, ({ events }) => events.has(event));
  }

  private push(delivery: Delivery, isFor: (hook: { key: string; events: ReadonlySet<string> }) => boolean): void {
    for (const hook of this.hooks) {
      if (!isFor(hook)) continue;
      this.pushed.add(idOf({ hook: hook.key, id: delivery.id }));
      hook.queue.push(delivery);
    }
  }

  /** Made of what happened, so that the same thing told twice has the same id. */
  private idOf(event: WebhookEventName): string {
    const { attempt, options, schemaMessages } = this;
    if (!attempt) return `msg_${randomUUID().replaceAll('-', '')}`;
    const parts = [options.connection, attempt.nonce, attempt.attempt, event];
    if (event === 'schema_change') parts.push(schemaMessages);
    return `msg_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
  }
}

interface Facts {
  outcome?: WebhookBody['outcome'];
  rows?: number;
  seconds?: number;
  errors?: ErrorFacts[];
  unparsable?: WebhookBody['unparsable'];
  changes?: SchemaChangeFacts[];
}
