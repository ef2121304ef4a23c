import { type CheckResult, ConnectorError } from '@tidemark/source';
import { connect } from '../connect.js';
import type { SourceOptions } from '../options.js';
import type { Session } from '../session.js';
import { runProtocol } from './run-protocol.js';

/** `tidemark check`: always a CONNECTION_STATUS; exit code 0 also when it says FAILED, because it could say so. */
export function check(manifest: string, options: SourceOptions): Promise<number> {
  return runProtocol(options, async (session) => {
    const { output, context } = session;
    const result = await checked(manifest, options, session);
    const message = result.message === undefined ? undefined : context.redact(result.message);
    output.log(
      result.succeeded ? 'INFO' : 'ERROR',
      result.succeeded ? 'Check succeeded' : `Check failed: ${message ?? ''}`,
    );
    await output.message({
      type: 'CONNECTION_STATUS',
      connectionStatus: {
        status: result.succeeded ? 'SUCCEEDED' : 'FAILED',
        ...(message === undefined ? {} : { message }),
      },
    });
    return 0;
  });
}

async function checked(manifest: string, options: SourceOptions, session: Session): Promise<CheckResult> {
  try {
    const connection = await connect(manifest, options, session.context, { forCheck: true });
    try {
      return await connection.check();
    } finally {
      await connection.close();
    }
  } catch (error) {
    const failure = ConnectorError.from(error);
    await session.output.error(failure);
    return { succeeded: false, message: failure.message };
  }
}
