import type { Finding } from '../dialect.js';
import type { Clients, Opened } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError, serverCode } from './errors.js';

/** An oplog that reaches back less than this is likely to be gone before the next sync. */
const RETENTION_HOURS = 24;
const UNAUTHORIZED = 13;
const NOT_A_REPLICA_SET = 40_573;

/** What is missing for following these collections by change streams. `probe` opens one and ends it. */
export async function checkChanges(
  clients: Clients,
  collections: readonly Collection[],
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
  const hours = await retention(opened);
  if (hours !== undefined && hours < RETENTION_HOURS)
    findings.push({
      severity: 'hint',
      problem: `The oplog reaches back ${hours < 1 ? 'less than an hour' : `${Math.floor(hours)} hours`}: a sync that comes later than that has to load everything again.`,
      remedy: 'db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: 72 })',
    });
  return findings;
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

/** Hours between the oplog's ends; undefined where it cannot be seen. */
async function retention({ client }: Opened): Promise<number | undefined> {
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
