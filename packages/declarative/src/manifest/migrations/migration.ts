import type { JsonObject } from '@tidemark/protocol';

/** What became of a component: the new one, and which old field each new field came from. */
export interface Migrated {
  node: JsonObject;
  /** New field → old field, so that its place is kept. */
  moved: Readonly<Record<string, string | undefined>>;
}

/** One old spelling and how it is written now. */
export interface Migration {
  /** The name that the manifest's `metadata.applied_migrations` gets; the platform's own names. */
  readonly name: string;
  /** The component type that it is about. */
  readonly type: string;
  /** The manifest versions that it is for; `*` is every version. */
  readonly version: '*';
  /** The component as it is written now; undefined when there is nothing to change. */
  migrate(node: JsonObject): Migrated | undefined;
}
