import type { Json, JsonObject } from '@tidemark/protocol';
import { slot } from '../../component/slot.js';

/** A type of the API with the types that a field of it has in the schema. */
export interface ComplexType {
  readonly fieldType: string;
  readonly items?: string | ComplexType;
}
export const complexFieldTypeSlot = slot<ComplexType>('complex field type');

/** One line of the map of types. */
export interface TypeMapping {
  readonly target: string | string[] | ComplexType;
  /** Whether this line is for this type of this field. */
  applies(type: Json, rawSchema: Json): boolean;
}
export const typesMapSlot = slot<TypeMapping>('types map');

/** Reads the description of fields that an API gives. */
export interface SchemaReader {
  /** The properties of the schema. Throws ConnectorError when a name or type is not one. */
  properties(description: JsonObject): JsonObject;
}
export const schemaReaderSlot = slot<SchemaReader>('schema type identifier');
