import type { Json } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ValidationStrategy } from './slot.js';

/** Has a strategy judge a value; whatever it throws becomes the user's error. `what` names the value in messages. */
export async function judge(strategy: ValidationStrategy, value: Json | undefined, what: string): Promise<void> {
  try {
    await strategy.validate(value, what);
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectorError('config', `${what[0]!.toUpperCase()}${what.slice(1)} is not valid: ${reason}`, {
      cause: error,
    });
  }
}
