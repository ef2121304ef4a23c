/** The tree of a template. Every node knows its offset in the text. */
interface Node {
  offset: number;
}

export interface Arguments {
  positional: Expression[];
  keywords: { name: string; value: Expression }[];
  /** `*list` */
  spread?: Expression;
  /** `**dict` */
  spreadKeywords?: Expression;
}

export interface Name extends Node {
  kind: 'name';
  name: string;
  use: 'load' | 'store' | 'param';
}

/** `namespace.attribute` as the target of a `set`. */
export interface AttributeTarget extends Node {
  kind: 'attribute-target';
  name: string;
  attribute: string;
}

export interface TupleNode extends Node {
  kind: 'tuple';
  items: Expression[];
}

export interface Call extends Node {
  kind: 'call';
  callee: Expression;
  args: Arguments;
}

/** `target | name(args)`; without a target it takes what a block put out. */
export interface FilterNode extends Node {
  kind: 'filter';
  target: Expression | undefined;
  name: string;
  args: Arguments;
}

export interface TestNode extends Node {
  kind: 'test';
  target: Expression;
  name: string;
  args: Arguments;
}

export interface Slice extends Node {
  kind: 'slice';
  start: Expression | undefined;
  stop: Expression | undefined;
  step: Expression | undefined;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export type Expression =
  | (Node & { kind: 'constant'; value: unknown })
  | Name
  | AttributeTarget
  | TupleNode
  | (Node & { kind: 'list'; items: Expression[] })
  | (Node & { kind: 'dict'; pairs: [Expression, Expression][] })
  | (Node & { kind: 'unary'; operator: 'not' | '-' | '+'; operand: Expression })
  | (Node & { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression })
  | (Node & { kind: 'logical'; operator: 'and' | 'or'; left: Expression; right: Expression })
  | (Node & { kind: 'concat'; parts: Expression[] })
  | (Node & { kind: 'compare'; first: Expression; rest: { operator: CompareOperator; value: Expression }[] })
  | (Node & { kind: 'attribute'; target: Expression; name: string })
  | (Node & { kind: 'item'; target: Expression; key: Expression })
  | (Node & { kind: 'condition'; test: Expression; yes: Expression; no: Expression | undefined })
  | Slice
  | Call
  | FilterNode
  | TestNode;

export interface Data extends Node {
  kind: 'data';
  text: string;
}

export interface Output extends Node {
  kind: 'output';
  parts: (Data | Expression)[];
}

export interface If extends Node {
  kind: 'if';
  test: Expression;
  body: Statement[];
  elifs: If[];
  orElse: Statement[];
}

export interface For extends Node {
  kind: 'for';
  target: Expression;
  iterable: Expression;
  test: Expression | undefined;
  recursive: boolean;
  body: Statement[];
  orElse: Statement[];
}

/** The parameters of a macro or call block; `defaults` belong to the last of them. */
export interface Parameters {
  params: Name[];
  defaults: Expression[];
}

export interface MacroNode extends Node, Parameters {
  kind: 'macro';
  name: string;
  body: Statement[];
}

export interface CallBlock extends Node, Parameters {
  kind: 'call-block';
  call: Call;
  body: Statement[];
}

export interface Block extends Node {
  kind: 'block';
  name: string;
  scoped: boolean;
  required: boolean;
  body: Statement[];
}

/** `extends`, `include`, `import`, `from`: there is nothing to load from, so running one fails. */
export interface Loader extends Node {
  kind: 'loader';
  word: 'extends' | 'include' | 'import' | 'from';
  template: Expression;
  names: string[];
}

export interface With extends Node {
  kind: 'with';
  targets: Expression[];
  values: Expression[];
  body: Statement[];
}

export type Statement =
  | Output
  | If
  | For
  | MacroNode
  | CallBlock
  | Block
  | Loader
  | With
  | (Node & { kind: 'assign'; target: Expression; value: Expression })
  | (Node & { kind: 'assign-block'; target: Expression; filter: FilterNode | undefined; body: Statement[] })
  | (Node & { kind: 'filter-block'; filter: FilterNode; body: Statement[] })
  | (Node & { kind: 'autoescape'; value: Expression; body: Statement[] });
