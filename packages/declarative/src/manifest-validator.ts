import { manifestSchema } from './component/json-schema.js';
import { language } from './language.js';
import { interpretSchema } from './manifest/schema-interpreter.js';
import type { SchemaValidator } from './manifest/schema-validator.js';

let validator: SchemaValidator | undefined;

/** The validator of the manifest's schema, made when the first manifest is read. */
export function manifestValidator(): SchemaValidator {
  validator ??= interpretSchema(manifestSchema(language));
  return validator;
}
