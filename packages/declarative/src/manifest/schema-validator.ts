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
export const AJV_OPTIONS = { allErrors: true, strict: false, validateFormats: false, inlineRefs: false } as const;

/** A validator from a function that was generated ahead of time: nothing is compiled, nothing heavy imported. */
export function precompiled(validate: StandaloneFunction): SchemaValidator {
  return (tree) => (validate(tree) ? [] : (validate.errors ?? []));
}

/** A validator compiled now; ajv is only imported by whoever needs this. */
export async function compileSchema(schema: object): Promise<SchemaValidator> {
  const { Ajv } = await import('ajv');
  return precompiled(new Ajv(AJV_OPTIONS).compile(schema) as StandaloneFunction);
}
