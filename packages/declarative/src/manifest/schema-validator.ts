/** One complaint of a JSON Schema validator, as ajv words it. */
export interface SchemaError {
  keyword: string;
  /** JSON pointer to the value. */
  instancePath: string;
  params: Record<string, unknown>;
}

/** Says all that is wrong with a tree by the language's JSON Schema. */
export type SchemaValidator = (tree: unknown) => readonly SchemaError[];

/** A validation function that ajv generated ahead of time. */
export interface StandaloneFunction {
  (data: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** How the validation function must be generated: every error at once, and the keywords that are only for editors ignored. */
export const AJV_OPTIONS = {
  allErrors: true,
  strict: false,
  validateFormats: false,
  inlineRefs: false,
  messages: false,
} as const;

/** A validator from a function that was generated ahead of time: nothing is compiled, nothing heavy imported. */
export function precompiled(validate: StandaloneFunction): SchemaValidator {
  return (tree) => (validate(tree) ? [] : (validate.errors ?? []));
}

/** A validator compiled now; ajv is only imported by whoever needs this. */
export async function compileSchema(schema: object): Promise<SchemaValidator> {
  const { Ajv } = await import('ajv');
  return precompiled(new Ajv(AJV_OPTIONS).compile(schema) as StandaloneFunction);
}

/** The source of a module whose default export is the validation function for a schema; to be written by a generator. */
export async function standaloneCode(schema: object): Promise<string> {
  const { Ajv } = await import('ajv');
  const { default: generate } = await import('ajv/dist/standalone/index.js');
  const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, esm: true } });
  return generate.default(ajv, ajv.compile(schema));
}
