import { ConnectorError, type ErrorKind } from '@tidemark/source';
import { networkProblem } from '../network-problem.js';

interface DriverError extends Error {
  code?: number | string;
  codeName?: string;
  reason?: { servers?: Map<string, { error?: Error | null }> };
}

/** The server's error numbers that say whose turn it is. */
const BY_NUMBER: Readonly<Record<number, readonly [ErrorKind, string]>> = {
  6: ['transient', 'The host cannot be reached'],
  7: ['transient', 'The host is not found by a member of the cluster'],
  13: ['config', 'The user lacks the right'],
  18: ['config', 'The server refuses this user or password'],
  26: ['config', 'The collection does not exist any more'],
  43: ['transient', 'The server has ended the cursor'],
  50: ['transient', 'It took longer than is allowed (statement_timeout_seconds)'],
  73: ['config', 'The name is none that MongoDB allows'],
  89: ['transient', 'A member of the cluster does not answer'],
  91: ['transient', 'The server is shutting down'],
  133: ['transient', 'No member that the read preference allows can be reached'],
  175: ['config', 'The collection was dropped or renamed while it was read'],
  189: ['transient', 'The primary has stepped down'],
  237: ['transient', 'The cursor was ended by somebody'],
  262: ['transient', 'It took longer than is allowed (statement_timeout_seconds)'],
  8000: ['config', 'The server refuses this user or password'],
  9001: ['transient', 'The connection was cut'],
  10107: ['transient', 'The member is not the primary any more'],
  11600: ['transient', 'The server is shutting down'],
  11601: ['transient', 'It was ended by somebody'],
  11602: ['transient', 'The member has changed its part in the replica set'],
  13388: ['transient', 'The shards have changed'],
  13435: ['transient', 'The member is not a primary, and secondaries are not read'],
  13436: ['transient', 'The member is recovering'],
  10334: ['config', 'An event or document is larger than the 16 MB that MongoDB can send'],
  40573: ['config', 'Change streams need a replica set, and this server is none'],
};
const CONFIG_NAMES = /^Mongo(Parse|InvalidArgument|MissingCredentials|MissingDependency|Compatibility|AWS)Error$/;
const NETWORK_NAMES =
  /^Mongo(Network|NetworkTimeout|TopologyClosed|NotConnected|PoolCleared|PoolClearedOnNetwork|ServerClosed|OperationTimeout)Error$/;

/** Whatever the driver or the server threw, as a ConnectorError. `doing` says what was tried: "Reading shop.users". */
export function mongoError(error: unknown, doing: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const failure = (error instanceof Error ? error : new Error(String(error))) as DriverError;
  const [kind, why] = classify(failure);
  const code = failure.codeName ?? failure.code;
  const told = `${plain(failure.message)}${code === undefined ? '' : ` (${code})`}`;
  return new ConnectorError(kind, `${doing} failed. ${why}: ${told}`, {
    cause: error,
    detail: failure.stack === undefined ? undefined : plain(failure.stack),
  });
}

/** True when the same query may well go through a moment later. */
export function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof ConnectorError) return error.kind === 'transient';
  const failure = error as DriverError;
  return failure?.name !== 'MongoServerSelectionError' && classify(failure)[0] === 'transient';
}

/** The server's number of an error; undefined when it is none of the server's. */
export function serverCode(error: unknown): number | undefined {
  const { code } = (error ?? {}) as DriverError;
  return typeof code === 'number' ? code : undefined;
}

function classify(failure: DriverError): readonly [ErrorKind, string] {
  const known = typeof failure.code === 'number' ? BY_NUMBER[failure.code] : undefined;
  if (known) return known;
  const inner = deepest(failure);
  const network = networkProblem(inner.code === undefined ? '' : String(inner.code));
  if (network) return network;
  if (failure.name === 'MongoServerSelectionError') return ['transient', 'No server answers that can be read'];
  if (NETWORK_NAMES.test(failure.name)) return ['transient', 'The connection was cut'];
  if (CONFIG_NAMES.test(failure.name)) return ['config', 'The driver says'];
  if (failure.name === 'BSONError') return ['system', 'The server sent a document that cannot be read'];
  return ['system', 'The server says'];
}

/** What the system said, under all that the driver puts around it. */
function deepest(failure: DriverError): DriverError {
  let at: DriverError = failure;
  for (let depth = 0; depth < 8; depth++) {
    const server = at.reason?.servers && [...at.reason.servers.values()].find((each) => each.error)?.error;
    const next = (server || at.cause) as DriverError | undefined;
    if (!(next instanceof Error)) return at;
    at = next;
  }
  return at;
}

/** Without the account of a connection string. */
function plain(text: string): string {
  return text.replace(/\/\/[^@/\s]*@/g, '//…@');
}
