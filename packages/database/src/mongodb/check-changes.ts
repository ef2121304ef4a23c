import type { Finding, ReadingSettings } from '../dialect.js';
import { retentionFindings } from '../retention.js';
import type { Clients, Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError, serverCode } from './errors.js';

/** A time that is raised is raised at least to this. */
const RAISED_HOURS_MIN = 72;
const UNAUTHORIZED = 13;
const NOT_A_REPLICA_SET = 40_573;

/** What is missing for following these collections by change streams. `probe` opens one and ends it. */
export async function checkChanges(
  clients: Clients,
  collections: readonly Collection[],
  reading: ReadingSettings,
  probe: (opened: Opened) => Promise<void>,
): Promise<Finding[]> {
  const opened = await clients.open();
  const findings: Finding[] = collections.flatMap((collection) =>
    collection.notResumable === undefined
      ? []
      : [
          {
            severity: 'table' as const,
            table: collectionId(collection),
            problem: `It cannot be followed by a change stream: ${collection.notResumable}.`,
          },
        ],
  );
  try {
    await probe(opened);
  } catch (error) {
    findings.push(whyNoStream(error, clients));
    return findings;
  }
  return [...findings, ...(await oplogFindings(opened, reading))];
}

/** How far the oplog reaches back, or will when it is full. */
export async function oplogFindings(opened: Opened, reading: ReadingSettings): Promise<Finding[]> {
  const held = await heldHours(opened);
  if (held === undefined || held <= 0) return [];
  const { size, maxSize } = await answer(opened, 'local', { collStats: 'oplog.rs' });
  const { oplogTruncation } = await answer(opened, 'admin', { serverStatus: 1 });
  const { oplogMinRetentionHours: least } = (oplogTruncation ?? {}) as { oplogMinRetentionHours?: unknown };
  const isKnown = Number(size) > 0 && Number(maxSize) > 0;
  // A young one does not reach back far, and is not full: what it has is taken for what all of it will have.
  const room = isKnown ? held * Math.max(1, Number(maxSize) / Number(size)) : held;
  const findings = retentionFindings(reading, {
    hours: Math.max(room, Number(least ?? 0)),
    sentence: isKnown ? 'At what is written now, the oplog has room for' : 'The oplog reaches back',
    remedy: (wanted) =>
      `db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: ${Math.max(wanted, RAISED_HOURS_MIN)} })`,
  });
  // Whether it is full cannot be seen: it may just be young.
  return isKnown ? findings : findings.map((finding) => ({ ...finding, severity: 'hint' }));
}

function whyNoStream(error: unknown, { config }: Clients): Finding {
  const failure = mongoError(error, 'Opening a change stream');
  const code = serverCode(error);
  const finding: Finding = { severity: 'blocking', problem: failure.message };
  if (code === NOT_A_REPLICA_SET) return { ...finding, remedy: 'mongod --replSet rs0, then rs.initiate()' };
  if (code !== UNAUTHORIZED || config.user === '') return finding;
  const role = `[{ role: "read", db: ${JSON.stringify(config.database)} }]`;
  return { ...finding, remedy: `db.grantRolesToUser(${JSON.stringify(config.user)}, ${role})` };
}

/** What a command answers; nothing where the user may not ask, or the server does not know it. */
async function answer({ client }: Opened, database: string, command: object): Promise<Record<string, unknown>> {
  return client
    .db(database)
    .command(command as Record<string, unknown>)
    .catch(() => ({}));
}

/** Hours between the oplog's ends; undefined where it cannot be seen. */
async function heldHours({ client }: Opened): Promise<number | undefined> {
  try {
    const oplog = client.db('local').collection('oplog.rs');
    const end = async (direction: 1 | -1): Promise<number | undefined> => {
      const entry = await oplog.findOne({}, { sort: { $natural: direction }, projection: { ts: 1 } });
      return (entry?.ts as { high?: number } | undefined)?.high;
    };
    const [first, last] = [await end(1), await end(-1)];
    return first === undefined || last === undefined ? undefined : ((last >>> 0) - (first >>> 0)) / 3600;
  } catch {
    return undefined;
  }
}
