export type { TemplateInspector, TemplateProblem } from './checks/templates.js';
export {
  type Diagnostic,
  diagnosticsToJson,
  formatDiagnostic,
  formatPath,
  formatPlace,
  ManifestError,
  type Severity,
  sortDiagnostics,
  throwOnErrors,
} from './diagnostic.js';
export { MIGRATIONS, migrateManifest } from './migrations/index.js';
export type { Migration } from './migrations/migration.js';
export { ParametersOverflow, type PropagateOptions, propagate } from './parameters.js';
export type { Place } from './place.js';
export { type Path, Positions } from './positions.js';
export { type ManifestTree, type ReadOptions, readManifest, readYamlValue } from './read.js';
export { resolveReferences } from './references.js';
export { resolveManifest } from './resolve.js';
export {
  compileSchema,
  type SchemaError,
  type SchemaValidator,
} from './schema-validator.js';
export { nearest } from './suggestion.js';
export { type ValidationOptions, validateManifest } from './validate.js';
export type { Vocabulary, WordShape } from './vocabulary.js';
