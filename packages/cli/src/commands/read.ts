import { discover, read } from '@tidemark/source';
import { connect } from '../connect.js';
import { parseCatalog, wholeCatalog } from '../input/catalog.js';
import { readJsonInput } from '../input/json-input.js';
import { parseState } from '../input/state.js';
import type { SourceOptions } from '../options.js';
import { ProtocolSink } from '../output/protocol-sink.js';
import { runProtocol } from './run-protocol.js';

/** Options of `tidemark read`. */
export interface ReadOptions extends SourceOptions {
  catalog?: string;
  state?: string;
}

/** `tidemark read`: records, states and stream statuses. Exit code 1 when a stream failed or the run was stopped. */
export function readCommand(manifest: string, options: ReadOptions): Promise<number> {
  return runProtocol(options, async ({ output, context }) => {
    const given = options.catalog === undefined ? undefined : parseCatalog(readJsonInput(options.catalog, 'catalog'));
    const states = options.state === undefined ? new Map() : parseState(readJsonInput(options.state, 'state'));
    const connection = await connect(manifest, options, context);
    try {
      const catalog = given ?? wholeCatalog(await discover(connection));
      const sink = new ProtocolSink(output);
      const result = await read({ connection, catalog, states, sink, signal: context.signal });
      return [...result.outcomes.values()].every((outcome) => outcome === 'complete') ? 0 : 1;
    } finally {
      await connection.close();
    }
  });
}
