export { Builder } from './build.js';
export type { BuildContext, SourceSettings, StreamSetup } from './context.js';
export { type BuildArguments, type ComponentDefinition, component, type Fields, type Values } from './define.js';
export { type DeepExpression, deepExpression, type Expression, expression, type Scope } from './expression.js';
export { Field, type FieldFacts, type FieldSite, field } from './field.js';
export { type JsonSchema, manifestSchema } from './json-schema.js';
export { Registry } from './registry.js';
export { type Slot, slot } from './slot.js';
