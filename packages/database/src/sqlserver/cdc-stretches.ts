import { ConnectorError } from '@tidemark/source';
import { type KeyedRelation, relationId } from '../keyed/keyed-server.js';
import { type CaptureInstance, covering } from './cdc-instances.js';
import { type CdcPlace, isBehind } from './cdc-position.js';
import { lsnBeside } from './lsn.js';
import type { SqlServerColumn } from './types.js';

/** A table that is followed, with the columns that are wanted of it. */
export interface FollowedTable {
  readonly relation: KeyedRelation<SqlServerColumn>;
  readonly columns: readonly SqlServerColumn[];
}

/** Transactions of one capture instance: after `after`, up to and with `upTo`. */
export interface Stretch {
  readonly instance: CaptureInstance;
  readonly after: CdcPlace;
  readonly upTo: string;
}

/** Whether a change table that has everything from `min` on has all that comes after a place. */
export function isHeld(min: string, { lsn, inside }: CdcPlace): boolean {
  return min <= (inside ? lsn : lsnBeside(lsn, 1));
}

/**
 * Where a table's changes are to be read. The newest instance that has all columns is read from where it begins, and an older
 * one before that. Throws ConnectorError (config) where something between is gone, or no instance has the columns.
 */
export function stretches(
  { relation, columns }: FollowedTable,
  instances: readonly CaptureInstance[] | undefined,
  place: CdcPlace,
  end: string,
): Stretch[] {
  if (isBehind(place, end)) return [];
  const id = relationId(relation);
  const wanted = wantedOf({ relation, columns }, instances);
  const newest = covering(instances, wanted);
  if (!newest)
    throw new ConnectorError(
      'config',
      `No capture instance of ${id} has all of its columns any more (wanted: ${wanted.join(', ')}). tidemark check names the statement that makes one; or leave columns out ('columns' of the stream).`,
    );
  if (isHeld(newest.min, place)) return [{ instance: newest, after: inInstance(place, newest), upTo: end }];
  const older =
    covering(
      instances!.filter(({ min }) => isHeld(min, place)),
      wanted,
    ) ?? instances!.findLast(({ min }) => isHeld(min, place));
  if (!older) throw lostChanges(id, newest.min);
  const before = lsnBeside(newest.min, -1);
  if (before >= end) return [{ instance: older, after: inInstance(place, older), upTo: end }];
  return [
    { instance: older, after: inInstance(place, older), upTo: before },
    { instance: newest, after: { lsn: before }, upTo: end },
  ];
}

/** A place inside a transaction is one of its own instance only: in another one the whole transaction comes again. */
function inInstance(place: CdcPlace, instance: CaptureInstance): CdcPlace {
  return place.inside && place.inside.instance !== instance.name ? { lsn: lsnBeside(place.lsn, -1) } : place;
}

/** The newest instance that has all columns that are wanted of a table; computed ones are in none. */
export function coveringTable(
  table: FollowedTable,
  instances: readonly CaptureInstance[] | undefined,
): CaptureInstance | undefined {
  return covering(instances, wantedOf(table, instances));
}

function wantedOf({ relation, columns }: FollowedTable, instances: readonly CaptureInstance[] | undefined): string[] {
  const computed = new Set((instances ?? []).flatMap((each) => [...each.computed]));
  const names = new Set([...columns.map(({ name }) => name), ...relation.primaryKey]);
  return [...names].filter((name) => !computed.has(name));
}

/** What is said where changes are gone that were not read. */
export function lostChanges(id: string, min: string | undefined): ConnectorError {
  const why =
    min === undefined || /^0*$/.test(min) ? 'its capture instance is gone' : `its change table begins at 0x${min} now`;
  return new ConnectorError(
    'config',
    `Changes of ${id} are gone that were not read: ${why}. What happened since is not known. The next sync says so, or with on_lost_position: reload loads the table again.`,
  );
}
