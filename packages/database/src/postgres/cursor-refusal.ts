import { ConnectorError } from '@tidemark/source';
import { literal, qualified } from './sql.js';

/** What a state says of a table's cursor, as conditions that the server reads. */
export interface DoubtedState {
  readonly relation: { readonly id: string; readonly schema: string; readonly name: string };
  readonly column: { readonly name: string; readonly type: string };
  readonly value: string;
  readonly conditions: readonly string[];
}

/**
 * Why a reading failed, where it is the state that the server cannot read: a state is input. Asks the server for no rows; undefined
 * when the state is not the reason.
 */
export async function refusedState(
  error: unknown,
  { relation, column, value, conditions }: DoubtedState,
  query: (text: string) => Promise<unknown>,
): Promise<ConnectorError | undefined> {
  if (!isBadValue(error)) return undefined;
  try {
    await query(`SELECT 1 FROM ${qualified(relation.schema, relation.name)} WHERE ${conditions.join(' AND ')} LIMIT 0`);
    return undefined;
  } catch (problem) {
    if (!isBadValue(problem)) return undefined;
    return new ConnectorError(
      'config',
      `The state of stream '${relation.id}' cannot be gone on from: its cursor is ${literal(value)} of the column '${column.name}' (${column.type}), and the server says: ${messageOf(problem)}. Read the table without a state to begin anew.`,
      { cause: error },
    );
  }
}

/** A text that is none of its type, or beyond its range. */
function isBadValue(error: unknown): boolean {
  return /^22(P02|003|007|008)$/.test(String((causeOf(error) as { code?: unknown } | undefined)?.code));
}

function messageOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof Error ? cause.message : String(cause);
}

function causeOf(error: unknown): unknown {
  return error instanceof ConnectorError ? error.cause : error;
}
