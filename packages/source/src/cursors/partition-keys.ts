import { canonical, type JsonObject } from '@tidemark/protocol';

/** The key of a partition: the second and later ones of the same content have a number besides. */
export class PartitionKeys {
  private readonly seen = new Map<string, number>();
  next(partition: JsonObject): { key: string; isFirst: boolean } {
    const base = canonical(partition);
    const count = (this.seen.get(base) ?? 0) + 1;
    this.seen.set(base, count);
    return { key: count === 1 ? base : `${base}#${count}`, isFirst: count === 1 };
  }
}
