import type { JsonSchema } from '../component/json-schema.js';
import type { Registry } from '../component/registry.js';

const REFERENCE = '#/definitions/Reference';
/** What is said about a value stands beside its alternatives, where editors look for it. */
const PROSE = ['description', 'default', 'examples'] as const;

/** The types that a component has where its manifest gives none. */
interface Defaults {
  own?: string;
  item?: string;
}

/**
 * The language's schema for manifests as they are **written**: with references in the place of values, without types that the
 * place decides, and with values that `$parameters` bring from above. The other one is for manifests that are resolved.
 */
export function authorSchema(schema: JsonSchema, language: Registry): JsonSchema {
  const definitions: JsonSchema = {
    Reference: {
      type: 'object',
      description: 'Stands for another place of the manifest.',
      required: ['$ref'],
      properties: { $ref: { type: 'string', pattern: '^#/' } },
    },
  };
  for (const [type, word] of Object.entries(schema.definitions as Record<string, JsonSchema>)) {
    const { fields } = language.words.filter((each) => each.type === type)[0]!;
    const properties: JsonSchema = {};
    for (const [name, piece] of Object.entries(word.properties as Record<string, JsonSchema>)) {
      const facts = fields[name]?.facts;
      properties[name] = name === 'type' ? piece : written(piece, { own: facts?.defaultType, item: facts?.itemType });
    }
    // A field that is needed may come from `$parameters` further up: only the validator knows.
    const { required: _, ...rest } = word;
    definitions[type] = { ...rest, properties };
  }
  return { ...(written({ ...schema, definitions: undefined }, {}) as JsonSchema), definitions };
}

function written(piece: JsonSchema, defaults: Defaults): JsonSchema {
  if (isSlot(piece)) return component(piece, defaults.own);
  if (piece.const !== undefined || Object.keys(piece).every((key) => PROSE.includes(key as never))) return piece;
  const prose: JsonSchema = {};
  const shape: JsonSchema = { ...piece };
  for (const key of PROSE) {
    if (piece[key] === undefined) continue;
    prose[key] = piece[key];
    delete shape[key];
  }
  const alternatives = Array.isArray(shape.anyOf)
    ? (shape.anyOf as JsonSchema[]).map((each) => written(each, defaults))
    : [
        shape.items === undefined
          ? shape
          : { ...shape, items: written(shape.items as JsonSchema, { own: defaults.item }) },
      ];
  const takesReference = alternatives.some((each) => each.if !== undefined);
  return { ...prose, anyOf: takesReference ? alternatives : [...alternatives, { $ref: REFERENCE }] };
}

const isSlot = (piece: JsonSchema): boolean =>
  Array.isArray(piece.allOf) && (piece.properties as JsonSchema | undefined)?.type !== undefined;

/** A component: a reference, custom code that is known by its class, or one of the slot's words. */
function component(slot: JsonSchema, preset: string | undefined): JsonSchema {
  const { description, examples, required: _, allOf, ...rest } = slot;
  const types = (rest.properties as { type: { enum: string[] } }).type.enum;
  const only = types.length === 1 ? types[0] : preset;
  const choices = (allOf as JsonSchema[]).map((choice, index) =>
    types[index] === only
      ? { ...choice, if: { properties: (choice.if as JsonSchema).properties as JsonSchema } }
      : choice,
  );
  return {
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
    if: { anyOf: [{ required: ['$ref'] }, { required: ['class_name'], not: { required: ['type'] } }] },
    then: { type: 'object' },
    else: { ...rest, ...(only === undefined ? { required: ['type'] } : {}), allOf: choices },
  };
}
