import { renameSync, writeFileSync } from 'node:fs';
import { type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { SyncObserver, SyncResult } from '@tidemark/sync';
import type { SourceOptions } from '../options.js';
import { chosenLogLevel, isShown } from '../output/log-level.js';
import { type StopSignal, stopSignal } from '../stop-signal.js';
import { type JobOrder, readJobOrder } from '../sync/job-order.js';
import { openSource } from '../sync/open-source.js';
import { openTarget } from '../sync/open-target.js';
import { createProgressView, type ProgressView } from '../sync/progress-view.js';
import { openTelemetry, wantsTelemetry } from '../telemetry.js';

/** Options of `tidemark sync`. */
export interface SyncOptions extends SourceOptions {
  to?: string;
  /** Names, separated by commas. */
  streams?: string;
  restart?: boolean;
  /** False with `--no-retry`. */
  retry?: boolean;
  /** `text` for people (the default) or `json`. */
  log?: string;
}

const EXIT_CODES: Record<SyncResult['outcome'], number> = { complete: 0, failed: 1, partial: 3, stopped: 130 };

interface Redactor {
  addSecret(value: string): void;
  redact(text: string): string;
}

/**
 * `tidemark sync`: reads a source into a destination. Everything that it prints goes to standard error.
 * Exit codes: 0 done, 1 failed, 2 wrong usage, manifest or configuration, 3 some streams are missing, 130 and 143 stopped.
 */
export async function syncCommand(file: string, options: SyncOptions): Promise<number> {
  const { createRedactor } = await import('@tidemark/declarative');
  const redactor: Redactor = createRedactor();
  const form = options.log === 'json' ? 'json' : 'text';
  const view = createProgressView({
    stream: process.stderr,
    environment: process.env,
    form,
    redact: (text) => redactor.redact(text),
  });
  const stop = stopSignal(() => view.note('Stopping after the page in hand; once more ends at once.'));
  try {
    if (options.log !== undefined && options.log !== 'json' && options.log !== 'text')
      throw new ConnectorError('config', `--log takes 'text' or 'json', but was given '${options.log}'.`);
    const order = await readJobOrder(file, options);
    for (const secret of order.secrets) redactor.addSecret(secret);
    const { result, destination } = await run(order, options, view, redactor, stop);
    const exitCode =
      result.outcome === 'stopped' ? (stop.exitCode() ?? EXIT_CODES.stopped) : EXIT_CODES[result.outcome];
    view.end({ result, exitCode, destination });
    return exitCode;
  } catch (thrown) {
    const error = ConnectorError.from(thrown);
    const exitCode = stop.exitCode() ?? (error.kind === 'config' ? 2 : 1);
    view.end({ error, exitCode });
    if (options.debug && form === 'text') process.stderr.write(`${redactor.redact(error.stack ?? '')}\n`);
    return exitCode;
  }
}

async function run(
  order: JobOrder,
  options: SyncOptions,
  view: ProgressView,
  redactor: Redactor,
  stop: StopSignal,
): Promise<{ result: SyncResult; destination: string }> {
  const level = chosenLogLevel(options.debug, process.env.LOG_LEVEL);
  const log: Log = (logLevel, message) => {
    if (isShown(logLevel, level)) view.log(logLevel, redactor.redact(message));
  };
  const destination = await openTarget(order);
  const observers = await observersOf(order, destination.name, redactor, log);
  const { observedSync } = await import('@tidemark/sync');
  const result = await observedSync(
    async () => ({
      source: await openSource(order, options, log),
      config: order.config,
      destination,
      connection: order.name,
      streams: order.streams,
      checkpoint: order.checkpoint,
      retry: options.retry === false ? false : order.retry,
      heartbeatSeconds: order.heartbeatSeconds,
      destinationSilentSeconds: order.destinationSilentSeconds,
      restart: options.restart,
      signal: stop.signal,
      log,
      onEvent: (event) => view.event(event),
      context: { ...redactor, configChanged: (config) => keepConfig(order, config, log) },
    }),
    observers,
  );
  return { result, destination: destination.name };
}

type Log = Parameters<typeof openSource>[2];

/** Whoever else is told of the sync: webhooks, and OpenTelemetry when its variables are set. */
async function observersOf(
  order: JobOrder,
  destination: string,
  { redact }: Redactor,
  log: Log,
): Promise<SyncObserver[]> {
  const about = { connection: order.name, destination, redact, log };
  const observers: SyncObserver[] = [];
  if (order.webhooks.length > 0) {
    const { webhooks } = await import('@tidemark/sync');
    observers.push(webhooks(order.webhooks, { ...about, keepIn: order.undelivered }));
  }
  const { RunningFile, runningFileOf } = await import('../sync/running-file.js');
  const running = runningFileOf(order.destination);
  if (running !== undefined) observers.push(new RunningFile(running, about));
  if (wantsTelemetry(process.env)) observers.push(await openTelemetry(about, process.env));
  return observers;
}

/** A renewed token is of use only when the next run finds it. */
function keepConfig(order: JobOrder, config: JsonObject, log: Log): void {
  if (order.configFile === undefined) {
    log(
      'WARN',
      'The configuration was renewed (a token that can be used once), but is in no file of its own, so the new one is lost after this run. Put it into a file and name that with --config.',
    );
    return;
  }
  const fresh = `${order.configFile}.new`;
  writeFileSync(fresh, `${stringify(config)}\n`, { mode: 0o600 });
  renameSync(fresh, order.configFile);
  log('INFO', `The configuration was renewed and is kept in ${order.configFile}.`);
}
