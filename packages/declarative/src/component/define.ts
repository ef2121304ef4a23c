import type { JsonObject } from '@tidemark/protocol';
import type { BuildContext } from './context.js';
import type { Field } from './field.js';
import type { Slot } from './slot.js';

/** The fields of a word by their name in the manifest. */
export type Fields = Record<string, Field<unknown>>;
/** What `build` gets: each field's built value. */
export type Values<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** What a word's `build` is given. */
export interface BuildArguments<F extends Fields> {
  fields: Values<F>;
  context: BuildContext;
  /** The `$parameters` that reach this component. */
  parameters: JsonObject;
  /** The component as it stands in the resolved manifest; for words that keep a part of it as it is. */
  raw: JsonObject;
}

/** One word of the language. */
export interface ComponentDefinition<F extends Fields = Fields, T = unknown> {
  readonly type: string;
  readonly slot: Slot<T>;
  /** One or two sentences for the reference page. */
  readonly doc: string;
  readonly fields: F;
  /** Manifest snippets for the reference page; each is validated by a test. */
  readonly examples?: readonly JsonObject[];
  /** Fields that are not listed are the author's own (custom components). */
  readonly open?: boolean;
  readonly deprecated?: string;
  /** Changes the context that the children are built in (a stream makes its name known to everything below it). */
  scope?(raw: JsonObject, context: BuildContext, parameters: JsonObject): BuildContext;
  build(args: BuildArguments<F>): T;
}

/**
 * Defines a word of the language. The file that calls this is all there is to the word: fields, defaults, docs, examples and
 * behaviour. `build` does no I/O.
 */
export function component<F extends Fields, T>(
  type: string,
  definition: Omit<ComponentDefinition<F, T>, 'type'>,
): ComponentDefinition<F, T> {
  return { type, ...definition };
}
