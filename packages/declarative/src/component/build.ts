import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext } from './context.js';
import type { Registry } from './registry.js';
import type { Slot } from './slot.js';

/** Builds components from the leaves up: a word's fields first, each in its slot, then the word itself. No I/O. */
export class Builder {
  constructor(readonly registry: Registry) {}

  /**
   * Builds one component of a validated manifest. Throws ConnectorError (config) when the type is not one of the slot: only
   * for manifests that were not validated, or components that were made at run time.
   */
  build<T>(raw: JsonObject, slot: Slot<T>, context: BuildContext): T {
    const type = typeof raw?.type === 'string' ? raw.type : '';
    const word = this.registry.get(type);
    if (!word || word.slot !== (slot as Slot<unknown>)) {
      const allowed = this.registry.wordsOf(slot as Slot<unknown>).map((known) => known.type);
      throw new ConnectorError('config', `'${type}' is not a ${slot.name} (${allowed.join(', ')}).`);
    }
    const parameters = (raw.$parameters ?? {}) as JsonObject;
    const inner = word.scope ? word.scope(raw, context, parameters) : context;
    const fields: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(word.fields)) {
      const value: Json | undefined = Object.hasOwn(raw, name) ? raw[name] : undefined;
      if ((value === undefined || value === null) && !field.facts.isOptional) {
        throw new ConnectorError('config', `${type} needs the field '${name}'.`);
      }
      fields[name] = field.read(value, { context: inner, parameters });
    }
    return word.build({ fields, context: inner, parameters, raw }) as T;
  }
}
