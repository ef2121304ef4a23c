import type { KeyedColumn, KeyedServer } from './keyed-server.js';

/** Different texts that are compared by one statement. */
const BATCH = 64;

/** Says which texts of a column are equal: by a collation `b` and `B` may be. Only the server knows, so it is asked. */
export class EqualValues<C extends KeyedColumn> {
  constructor(
    private readonly server: Pick<KeyedServer<C>, 'equal' | 'query'>,
    private readonly column: C,
  ) {}

  /**
   * How many of these texts, from the first on, are equal to another. They are in the server's order or its reverse: equal ones
   * stand together. Throws what the driver throws.
   */
  async leading(texts: readonly string[], other: string): Promise<number> {
    const equal = new Set([other]);
    for (let i = 0; ; ) {
      while (i < texts.length && equal.has(texts[i]!)) i++;
      const unknown = new Set<string>();
      for (let j = i; j < texts.length && unknown.size < BATCH; j++) if (!equal.has(texts[j]!)) unknown.add(texts[j]!);
      const found = await this.among([...unknown], other);
      if (found.length === 0) return i;
      for (const text of found) equal.add(text);
    }
  }

  private async among(texts: readonly string[], other: string): Promise<string[]> {
    const { server, column } = this;
    const conditions = texts.flatMap((text) => server.equal?.(column, text, other) ?? []);
    if (conditions.length < texts.length || texts.length === 0) return [];
    const list = conditions.map((condition) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`).join(', ');
    const [row] = await server.query(`SELECT ${list}`);
    return texts.filter((_, i) => row?.[i] === '1');
  }
}
