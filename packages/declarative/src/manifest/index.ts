export {
  type Diagnostic,
  diagnosticsToJson,
  formatDiagnostic,
  formatPlace,
  ManifestError,
  type Severity,
  sortDiagnostics,
  throwOnErrors,
} from './diagnostic.js';
export { type PropagateOptions, propagate } from './parameters.js';
export type { Place } from './place.js';
export { type Path, Positions } from './positions.js';
export { type ManifestTree, type ReadOptions, readManifest } from './read.js';
export { resolveReferences } from './references.js';
export { resolveManifest } from './resolve.js';
export { nearest } from './suggestion.js';
export type { Vocabulary, WordShape } from './vocabulary.js';
