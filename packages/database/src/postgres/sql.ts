/** A name as SQL writes it. */
export function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it, with standard-conforming strings. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `"schema"."table"`. */
export function qualified(schema: string, table: string): string {
  return `${name(schema)}.${name(table)}`;
}
