import { manifestSchema } from './component/json-schema.js';
import { language } from './language.js';
import { compileSchema, precompiled, type SchemaValidator, type StandaloneFunction } from './manifest/schema-validator.js';

let loaded: Promise<SchemaValidator> | undefined;

/**
 * The validator of the manifest's schema. A built package has it compiled beside its code (`compiled-validator.js`, made by
 * `scripts/build.mjs`): compiling takes half a second, which `tidemark spec` need not pay. Sources compile it at first use.
 */
export function manifestValidator(): Promise<SchemaValidator> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<SchemaValidator> {
  try {
    const { default: validate } = (await import(new URL('./compiled-validator.js', import.meta.url).href)) as { default: StandaloneFunction };
    return precompiled(validate);
  } catch {
    return compileSchema(manifestSchema(language));
  }
}
