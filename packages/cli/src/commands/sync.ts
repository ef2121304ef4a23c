import { renameSync, writeFileSync } from 'node:fs';
import { type JsonObject, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { SyncResult } from '@tidemark/sync';
import { loadSource } from '../input/manifest.js';
import type { SourceOptions } from '../options.js';
import { chosenLogLevel, isShown } from '../output/log-level.js';
import { stopSignal } from '../stop-signal.js';
import { closingTable } from '../sync/closing-table.js';
import { type JobOrder, readJobOrder } from '../sync/job-order.js';
import { createProgressView, type ProgressView } from '../sync/progress-view.js';

/** Options of `tidemark sync`. */
export interface SyncOptions extends SourceOptions {
  to?: string;
  /** Names, separated by commas. */
  streams?: string;
  restart?: boolean;
}

const EXIT_CODES: Record<SyncResult['outcome'], number> = { complete: 0, failed: 1, partial: 3, stopped: 130 };

/**
 * `tidemark sync`: reads a source into a destination. Everything that it prints goes to standard error.
 * Exit codes: 0 done, 1 failed, 2 wrong usage, manifest or configuration, 3 some streams are missing, 130 and 143 stopped.
 */
export async function syncCommand(file: string, options: SyncOptions): Promise<number> {
  const { createRedactor } = await import('@tidemark/declarative');
  const redactor = createRedactor();
  const view = createProgressView(process.stderr, process.env);
  const stop = stopSignal(() => view.line('Stopping after the page in hand; once more ends at once.'));
  try {
    const order = await readJobOrder(file, options);
    for (const secret of order.secrets) redactor.addSecret(secret);
    const result = await run(order, options, view, redactor, stop.signal);
    view.close();
    for (const line of closingTable(result, destinationName(order))) process.stderr.write(`${line}\n`);
    for (const line of described(result.errors)) process.stderr.write(`${redactor.redact(line)}\n`);
    return result.outcome === 'stopped' ? (stop.exitCode() ?? EXIT_CODES.stopped) : EXIT_CODES[result.outcome];
  } catch (error) {
    view.close();
    const failure = ConnectorError.from(error);
    process.stderr.write(`tidemark: ${redactor.redact(failure.message)}\n`);
    if (options.debug) process.stderr.write(`${redactor.redact(failure.stack ?? '')}\n`);
    return failure.kind === 'config' ? 2 : 1;
  }
}

async function run(
  order: JobOrder,
  options: SyncOptions,
  view: ProgressView,
  redactor: { addSecret(value: string): void; redact(text: string): string },
  signal: AbortSignal,
): Promise<SyncResult> {
  const level = chosenLogLevel(options.debug, process.env.LOG_LEVEL);
  const log = (logLevel: Parameters<typeof isShown>[0], message: string): void => {
    if (isShown(logLevel, level)) view.line(`${logLevel} ${redactor.redact(message)}`);
  };
  const source = await loadSource(order.manifest, options, log);
  const { openDestination, sync } = await import('@tidemark/sync');
  return sync({
    source,
    config: order.config,
    destination: openDestination(order.destination),
    connection: order.name,
    streams: order.streams,
    checkpoint: order.checkpoint,
    restart: options.restart,
    signal,
    log,
    onEvent: (event) => view.event(event),
    context: { ...redactor, configChanged: (config) => keepConfig(order, config, log) },
  });
}

/** A renewed token is of use only when the next run finds it. */
function keepConfig(order: JobOrder, config: JsonObject, log: (level: 'WARN' | 'INFO', message: string) => void): void {
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

function destinationName({ destination }: JobOrder): string {
  return `duckdb:${destination.duckdb.path}`;
}

/** Each failure once, with the streams that it hit. */
function described(errors: readonly ConnectorError[]): string[] {
  const streams = new Map<string, string[]>();
  for (const { message, stream } of errors) {
    const hit = streams.get(message) ?? [];
    if (stream !== undefined) hit.push(stream);
    streams.set(message, hit);
  }
  return [...streams].map(([message, hit]) => {
    if (hit.length === 0) return message;
    return `${hit.length === 1 ? 'stream' : 'streams'} ${hit.join(', ')}: ${message}`;
  });
}
