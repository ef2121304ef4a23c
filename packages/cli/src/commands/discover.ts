import { discover as describeStreams } from '@tidemark/source';
import { connect } from '../connect.js';
import type { SourceOptions } from '../options.js';
import { runProtocol } from './run-protocol.js';

/** `tidemark discover`: the CATALOG message. */
export function discover(manifest: string, options: SourceOptions): Promise<number> {
  return runProtocol(options, async ({ output, context }) => {
    const connection = await connect(manifest, options, context);
    try {
      await output.message({ type: 'CATALOG', catalog: await describeStreams(connection) });
    } finally {
      await connection.close();
    }
    return 0;
  });
}
