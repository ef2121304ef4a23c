import type { Column } from '../column.js';

/** A collection as the server and the samples describe it. */
export interface Collection {
  readonly database: string;
  readonly name: string;
  /** Absent where the server does not say it: the user may not ask, or the server is too old. */
  readonly uuid?: string;
  /** Why a load that is broken off begins anew; absent where it can be gone on with. */
  readonly notResumable?: string;
  /** Fields that an index begins with, of those that have been asked for. */
  readonly indexed: ReadonlySet<string>;
  readonly columns: readonly Column[];
  /** The fields that the user wants; absent: all. */
  readonly chosen?: readonly string[];
}

/** How a collection is named in messages and states. */
export function collectionId({ database, name }: { database: string; name: string }): string {
  return `${database}.${name}`;
}
