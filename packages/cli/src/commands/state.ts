import { writeFileSync } from 'node:fs';
import { streamTitle, stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { readText } from '../input/json-input.js';
import { parseStateFile } from '../input/state-file.js';
import type { SourceOptions } from '../options.js';
import { readJobOrder } from '../sync/job-order.js';
import { openSource } from '../sync/open-source.js';
import { counted } from '../sync/text.js';
import { type BooksOptions, type OpenConnection, withSession } from '../sync/with-session.js';

/** Options of `tidemark state export` and `tidemark state import`. */
export interface StateOptions extends BooksOptions, SourceOptions {
  /** Default: standard output, standard input. */
  file?: string;
}

/** `tidemark state export`: the states of a connection in the Airbyte protocol's form. Exit codes: 0, 1 failed, 2 usage. */
export async function exportState(connection: string, options: StateOptions): Promise<number> {
  return withSession(connection, options, true, async ({ target, session }) => {
    const { exportStates } = await import('@tidemark/sync');
    const text = `${stringify(exportStates(await session.load(target.name)))}\n`;
    if (options.file === undefined || options.file === '-') process.stdout.write(text);
    else write(options.file, text);
    return 0;
  });
}

/** A state may hold what others should not read: the file is its owner's. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw new ConnectorError('config', `The state cannot be written to '${file}': ${(error as Error).message}`);
  }
}

/** `tidemark state import`: puts states into the books of a connection. Exit codes: 0, 1 failed, 2 usage or not possible. */
export async function importState(connection: string, options: StateOptions): Promise<number> {
  return withSession(connection, options, false, async (open) => {
    const { importStates } = await import('@tidemark/sync');
    const states = parseStateFile(readText(options.file ?? '-', 'state'));
    const { set, dropped, skipped } = await importStates({
      session: open.session,
      connection: open.target.name,
      states,
      source: () => connectSource(connection, options, open),
    });
    const say = (streams: typeof set, what: string): void => {
      if (streams.length > 0)
        process.stderr.write(
          `The state of ${counted(streams.length, 'stream')} ${what}: ${streams.map(streamTitle).join(', ')}.\n`,
        );
    };
    say(set, 'is set');
    say(dropped, 'is dropped');
    say(skipped, 'is not taken (full_refresh: read whole in every job)');
    return 0;
  });
}

/** Only streams that have not been synced yet need the source: what they are, and where their rows will go. */
async function connectSource(file: string, options: StateOptions, { redact, warn }: OpenConnection) {
  const order = await readJobOrder(file, options);
  const source = await openSource(order, options, () => undefined);
  const connection = await source.connect(order.config, {
    clock: Date.now,
    log: (level, message) => {
      if (level === 'WARN') warn(message);
    },
    addSecret: () => undefined,
    redact,
    configChanged: () =>
      warn('The configuration was renewed (a token that can be used once), and the new one is lost.'),
    signal: new AbortController().signal,
  });
  return { connection, streams: order.streams };
}
