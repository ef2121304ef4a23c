import { ConnectorError, discover, read } from '@tidemark/source';
import { connect } from '../connect.js';
import { parseCatalog, wholeCatalog } from '../input/catalog.js';
import { withoutFinished } from '../input/finished-states.js';
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
    const { states: handed, shared } = parseState(
      options.state === undefined ? null : readJsonInput(options.state, 'state'),
    );
    const connection = await connect(manifest, options, context);
    try {
      const catalog = given ?? wholeCatalog(await discover(connection));
      if (shared && !connection.together?.size && !connection.readAll) throw globalStateOfNobody();
      const states = withoutFinished(handed, catalog);
      const sink = new ProtocolSink(output);
      const result = await read({ connection, catalog, states, shared, sink, signal: context.signal });
      return [...result.outcomes.values()].every((outcome) => outcome === 'complete') ? 0 : 1;
    } finally {
      await connection.close();
    }
  });
}

function globalStateOfNobody(): ConnectorError {
  return new ConnectorError(
    'config',
    'The state is of type GLOBAL: one state for all streams together. This source keeps a state for each stream (type STREAM), so nothing can go on from this one; read without --state to begin anew.',
  );
}
