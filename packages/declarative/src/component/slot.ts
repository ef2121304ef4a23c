/**
 * A place in the language that words fit into, named by what the parent needs of them. `T` is what a word of this slot
 * builds. A slot knows none of its words: the registry finds them.
 */
export interface Slot<T> {
  readonly name: string;
  /** Only for the type checker: what a word of this slot builds. */
  readonly builds?: T;
}

/** Declares a slot; `name` is what error messages call it: "a pagination strategy". */
export function slot<T>(name: string): Slot<T> {
  return { name };
}
