import type { ConfiguredCatalog, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { readJsonInput } from '../input/json-input.js';
import { asConfig } from '../input/manifest.js';
import type { CommandOptions } from '../options.js';
import type { Session } from '../session.js';
import { runProtocol } from './run-protocol.js';

/** Options of `tidemark destination KIND VERB`. */
export interface DestinationOptions extends CommandOptions {
  verb?: string;
  config?: string;
  catalog?: string;
}

/** `tidemark destination`: a destination of ours as one of the Airbyte protocol, with the verbs spec, check and write. */
export function destinationCommand(key: string, options: DestinationOptions): Promise<number> {
  return runProtocol(options, async (session) => {
    const { servedKind, servedSpec } = await import('@tidemark/sync');
    const kind = servedKind(key);
    switch (options.verb) {
      case 'spec':
        await session.output.message({ type: 'SPEC', spec: servedSpec(kind) });
        return 0;
      case 'check':
        return check(kind, options, session);
      case 'write':
        return write(kind, options, session);
      default:
        throw new ConnectorError('config', `'${options.verb}' is no verb of a destination (spec, check, write).`);
    }
  });
}

type Kind = Parameters<typeof import('@tidemark/sync')['openServed']>[0];

async function opened(kind: Kind, options: DestinationOptions, { context }: Session) {
  const config = options.config === undefined ? {} : asConfig(readJsonInput(options.config, 'configuration'));
  const { openServed } = await import('@tidemark/sync');
  return openServed(kind, config, context.addSecret);
}

/** Opens the place as a sync does, and lets go of it again. Exit code 0 also when it says FAILED. */
async function check(kind: Kind, options: DestinationOptions, session: Session): Promise<number> {
  const { output, context } = session;
  let failure: ConnectorError | undefined;
  try {
    const { destination, connection } = await opened(kind, options, session);
    const held = await destination.open({ clock: context.clock, log: context.log, connection });
    await held.load(connection).finally(() => held.close());
  } catch (error) {
    failure = ConnectorError.from(error);
  }
  if (failure) await output.error(failure);
  await output.message({
    type: 'CONNECTION_STATUS',
    connectionStatus: failure
      ? { status: 'FAILED', message: context.redact(failure.message) }
      : { status: 'SUCCEEDED' },
  });
  return 0;
}

async function write(kind: Kind, options: DestinationOptions, session: Session): Promise<number> {
  const { output, context } = session;
  if (options.catalog === undefined) throw new ConnectorError('config', 'write needs --catalog.');
  const catalog = readJsonInput(options.catalog, 'catalog') as JsonObject as unknown as ConfiguredCatalog;
  const { serveDestination } = await import('@tidemark/sync');
  const { log, clock, signal } = context;
  const incomplete = await serveDestination({
    ...(await opened(kind, options, session)),
    catalog,
    input: process.stdin,
    // Whoever waits for a state must not wait for a buffer to be full.
    output: (line) => {
      output.lines.write(`${line}\n`);
      return output.lines.flush();
    },
    log,
    clock,
    signal,
  });
  if (signal.aborted) return 1;
  if (incomplete.length === 0) return 0;
  throw new ConnectorError(
    'transient',
    `The input ended before these streams were complete: ${incomplete.join(', ')}. Their old rows stay as they are.`,
  );
}
