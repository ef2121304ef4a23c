import { commandKind, dockerKind } from '../processes/program-kinds.js';
import { duckdbKind } from './duckdb/destination-kind.js';
import { filesKind } from './files/kind.js';
import { jsonlKind } from './jsonl/kind.js';
import type { DestinationKind } from './kind.js';
import { mysqlKind } from './mysql/destination-kind.js';
import { postgresKind } from './postgres/kind.js';
import { s3Kind } from './s3/kind.js';

/**
 * Every kind of destination, in the order of the messages. connection.yaml's schema, the short forms and `--to` come from
 * this list: a new kind is a line here.
 */
export const destinationKinds: readonly DestinationKind<unknown>[] = [
  duckdbKind,
  postgresKind,
  mysqlKind,
  s3Kind,
  filesKind,
  jsonlKind,
  commandKind,
  dockerKind,
];
