import type { ComponentDefinition } from './define.js';
import type { Slot } from './slot.js';

/** All words of a language by type and by slot. Immutable. */
export class Registry {
  readonly words: readonly ComponentDefinition[];
  private readonly byType: ReadonlyMap<string, ComponentDefinition>;
  constructor(words: readonly ComponentDefinition[]) {
    this.words = words;
    this.byType = new Map(words.map((word) => [word.type, word]));
    if (this.byType.size !== words.length) {
      const seen = new Set<string>();
      const twice = words.find((word) => seen.size === seen.add(word.type).size);
      throw new Error(`The component type ${twice?.type} is defined twice.`);
    }
  }
  get(type: string): ComponentDefinition | undefined {
    return this.byType.get(type);
  }
  wordsOf(slot: Slot<unknown>): ComponentDefinition[] {
    return this.words.filter((word) => word.slot === slot);
  }
}
