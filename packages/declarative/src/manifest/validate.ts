import { CheckContext } from './check-context.js';
import { checkMeaning } from './checks/index.js';
import type { TemplateInspector } from './checks/templates.js';
import { type Diagnostic, sortDiagnostics } from './diagnostic.js';
import type { ManifestTree } from './read.js';
import { checkSchema } from './schema-diagnostics.js';
import type { SchemaValidator } from './schema-validator.js';
import type { Vocabulary } from './vocabulary.js';

/** What a manifest is validated with. */
export interface ValidationOptions {
  /** Checks the tree by the language's JSON Schema: `interpretSchema(…)`, or `await compileSchema(…)`. */
  validator: SchemaValidator;
  /** Looks at templates: their syntax, and the names that they read. Without it these are not checked. */
  templates?: TemplateInspector;
}

/** All that is wrong with a resolved manifest, in the order of the file; what reading and resolving found stands with it. */
export function validateManifest(
  resolved: ManifestTree,
  vocabulary: Vocabulary,
  options: ValidationOptions,
): Diagnostic[] {
  // A text that does not parse has no tree to look at.
  if (resolved.diagnostics.some(({ code }) => code === 'yaml')) return sortDiagnostics(resolved.diagnostics);
  const context = new CheckContext(resolved, vocabulary);
  checkSchema(context, options.validator);
  checkMeaning(context, options.templates);
  return sortDiagnostics([...resolved.diagnostics, ...context.diagnostics]);
}
