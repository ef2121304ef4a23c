import type { Finding, ReadingSettings } from '../dialect.js';
import type { Clients } from './clients.js';
import { type Collection, collectionId } from './collection.js';
import { mongoError, serverCode } from './errors.js';

/** Everything that is missing for reading these collections. One document of each is asked for: only that shows a right. */
export async function checkCollections(
  clients: Clients,
  settings: ReadingSettings,
  collections: readonly Collection[],
): Promise<Finding[]> {
  await clients.open();
  const { user, database } = clients.config;
  if (collections.length === 0) {
    const databases = settings.schemas.length > 0 ? settings.schemas : [database];
    return [
      {
        severity: 'blocking',
        problem: `${user === '' ? 'Without a user' : `The user ${user}`}, no collection can be seen in ${databases.join(', ')}.`,
        ...(user === '' ? {} : { remedy: databases.map((each) => grantRead(user, each)).join(' ') }),
      },
    ];
  }
  const findings: Finding[] = [];
  for (const collection of collections) {
    const table = collectionId(collection);
    const problem = await whyUnreadable(clients, collection);
    if (problem !== undefined)
      findings.push({
        severity: 'table',
        table,
        problem,
        ...(user === '' ? {} : { remedy: grantRead(user, collection.database) }),
      });
    else if (collection.notResumable !== undefined)
      findings.push({
        severity: 'hint',
        table,
        problem: `A load that is broken off begins anew: ${collection.notResumable}.`,
      });
  }
  return findings;
}

/** A statement of the shell that lets a user read a database. */
function grantRead(user: string, database: string): string {
  return `db.grantRolesToUser(${JSON.stringify(user)}, [{ role: "read", db: ${JSON.stringify(database)} }])`;
}

async function whyUnreadable(clients: Clients, { database, name }: Collection): Promise<string | undefined> {
  try {
    await clients.query(({ client }, options) =>
      client
        .db(database)
        .collection(name)
        .find({}, { ...options, projection: { _id: 1 } })
        .limit(1)
        .toArray(),
    );
    return undefined;
  } catch (error) {
    const failure = mongoError(error, 'Reading a document of it');
    if (serverCode(error) === undefined) throw failure;
    return failure.message;
  }
}
