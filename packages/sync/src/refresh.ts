import { streamTitle } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { ResetOrder, StoredJob, StoredStream } from './destination.js';
import { pickStreams } from './stream-names.js';

/** How a stream is read anew: old rows stay until new ones supersede them, or go when the new ones are complete. */
export type RefreshMode = 'merge' | 'truncate';

/** What can be done with a stream, in its modes. */
function possible({ syncMode, destinationSyncMode }: StoredStream): readonly RefreshMode[] {
  if (syncMode !== 'incremental') return [];
  return destinationSyncMode === 'append_dedup' ? ['merge', 'truncate'] : ['merge'];
}

/**
 * The orders that make the next job read streams from the beginning. Without names: every incremental stream.
 * Throws ConnectorError (config) that says what is possible, for all wrong streams at once.
 */
export function refreshOrders(
  stored: StoredJob | undefined,
  names: readonly string[] | undefined,
  mode: RefreshMode,
): ResetOrder[] {
  const chosen = pickStreams(stored?.streams ?? [], names);
  const asked = names !== undefined && names.length > 0;
  const wanted = asked ? chosen : chosen.filter((stream) => possible(stream).length > 0);
  if (wanted.length === 0) {
    throw new ConnectorError(
      'config',
      chosen.length === 0
        ? 'This connection has not been synced yet: there is nothing to refresh.'
        : 'Every stream of this connection is read whole in each job: there is nothing to refresh. `tidemark clear` deletes rows.',
    );
  }
  const wrong = wanted.filter((stream) => !possible(stream).includes(mode));
  if (wrong.length > 0) throw new ConnectorError('config', wrong.map((stream) => refusal(stream, mode)).join('\n'));
  return wanted.map(({ stream }) => ({ stream, what: mode }));
}

function refusal(stored: StoredStream, mode: RefreshMode): string {
  const { stream, syncMode, destinationSyncMode } = stored;
  const what = `Stream '${streamTitle(stream)}' (${syncMode}, ${destinationSyncMode}) cannot be refreshed with --${mode}`;
  if (possible(stored).length > 0)
    return `${what}; possible: ${possible(stored)
      .map((one) => `--${one}`)
      .join(', ')}.`;
  return `${what}: it is read whole in each job anyway. \`tidemark clear\` deletes its rows.`;
}

/** The orders that delete rows and states. Without names: of every stream. Throws ConnectorError (config) on unknown names. */
export function clearOrders(stored: StoredJob | undefined, names: readonly string[] | undefined): ResetOrder[] {
  return pickStreams(stored?.streams ?? [], names).map(({ stream }) => ({ stream, what: 'clear' }));
}
