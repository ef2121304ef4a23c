/** What the machinery must know of one word of the language. */
export interface WordShape {
  /** The names of its fields, `type` and `$parameters` left out or not. */
  readonly fields: ReadonlySet<string>;
  /** Those of its fields that hold components (or lists or maps of them). */
  readonly slots?: ReadonlySet<string>;
  /** By template field: the names that its templates get besides `config` and `parameters`. */
  readonly scopes?: ReadonlyMap<string, readonly string[]>;
  /** True when it takes any other field too (custom components). */
  readonly open?: boolean;
}

/** All that the manifest's rooms know of the language; made from the component files. */
export interface Vocabulary {
  /** Every component type. */
  readonly words: ReadonlyMap<string, WordShape>;
  /** The type of a component without `type`, by `Parent.field`. */
  readonly defaultTypes: ReadonlyMap<string, string>;
  /** The type of a value without `type` in a map of components, by the map's own `Parent.field`. */
  readonly itemTypes?: ReadonlyMap<string, string>;
  /** The type of a component with `class_name` and without `type`, by `Parent.field`. */
  readonly customTypes: ReadonlyMap<string, string>;
}
