import type { StreamDescription, StreamDescriptor } from '@tidemark/protocol';
import { ConnectorError, type OpenStream, type Stream } from '@tidemark/source';
import { tableId } from './table-id.js';

/** A table that was asked for and cannot be seen, as a stream: it fails by itself, and the others are read. */
export class AbsentStream implements Stream {
  readonly name: string;
  readonly namespace?: string;
  /** What is wrong, and what mends it. */
  readonly problem: string;

  /** `remedy`: the statement that shows the table to the user, where it is there. */
  constructor({ name, namespace }: StreamDescriptor, remedy: string | undefined) {
    this.name = name;
    if (namespace) this.namespace = namespace;
    const mended = remedy === undefined ? '' : ` Where there is, this shows it: ${remedy}`;
    this.problem = `There is no table '${tableId({ name, ...(namespace ? { namespace } : {}) })}' that this user can see.${mended} If it was dropped or renamed: take it out of the streams, or name it as it is called now.`;
  }

  describe(): StreamDescription {
    const { name, namespace } = this;
    return {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      json_schema: { type: 'object', properties: {} },
      supported_sync_modes: ['full_refresh'],
    };
  }

  open(): OpenStream {
    throw new ConnectorError('config', this.problem);
  }
}
