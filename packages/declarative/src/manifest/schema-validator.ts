/** One complaint of a JSON Schema validator, as ajv words it. */
export interface SchemaError {
  keyword: string;
  /** JSON pointer to the value. */
  instancePath: string;
  params: Record<string, unknown>;
}

/** Says all that is wrong with a tree by the language's JSON Schema. */
export type SchemaValidator = (tree: unknown) => readonly SchemaError[];

/** What ajv makes of a schema. */
interface ValidateFunction {
  (data: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** Every error at once; the keywords that are only for editors are ignored. */
const AJV_OPTIONS = {
  allErrors: true,
  strict: false,
  validateFormats: false,
  inlineRefs: false,
  messages: false,
} as const;

/** A validator by ajv, for any schema; half a second of compiling for that of the language (see `interpretSchema`). */
export async function compileSchema(schema: object): Promise<SchemaValidator> {
  const { Ajv } = await import('ajv');
  const validate = new Ajv(AJV_OPTIONS).compile(schema) as ValidateFunction;
  return (tree) => (validate(tree) ? [] : (validate.errors ?? []));
}
