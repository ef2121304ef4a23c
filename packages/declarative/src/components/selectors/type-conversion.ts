import { toText } from '@tidemark/interpolation';
import { Decimal, type Json, type JsonObject, parseJson } from '@tidemark/protocol';

/** Brings a value into one JSON type; gives the value itself when it cannot. */
export type Conversion = (value: Json | undefined) => Json | undefined;

const TRUE_WORDS = new Set(['y', 'yes', 't', 'true', 'on', '1']);
const FALSE_WORDS = new Set(['n', 'no', 'f', 'false', 'off', '0']);
const SIMPLE_TYPES = ['string', 'number', 'integer', 'boolean', 'null'];

/**
 * The conversion that a property's schema asks for; undefined when it asks for none: no type, several types besides null,
 * or an object.
 */
export function conversionFor(schema: JsonObject): Conversion | undefined {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const others = types.filter((type) => type !== 'null');
  if (others.length !== 1) return undefined;
  const convert = conversion(others[0], schema);
  if (!convert) return undefined;
  return types.length > others.length ? (value) => (value === null ? null : convert(value)) : convert;
}

function conversion(type: Json | undefined, schema: JsonObject): Conversion | undefined {
  if (type === 'string') return (value) => (typeof value === 'string' ? value : toText(value));
  if (type === 'number') return toNumber;
  if (type === 'integer') return toInteger;
  if (type === 'boolean') return toBoolean;
  if (type === 'array' && wrapsScalars(schema)) return (value) => (isScalar(value) ? [value as Json] : value);
  return undefined;
}

/** A scalar becomes a list of one only where the item types stand as a list, or not at all: as the field has it. */
function wrapsScalars(schema: JsonObject): boolean {
  const items = schema.items as JsonObject | undefined;
  const types = items?.type;
  return types === undefined || (Array.isArray(types) && types.every((type) => SIMPLE_TYPES.includes(String(type))));
}

function isScalar(value: Json | undefined): boolean {
  return value === null || typeof value !== 'object' || Decimal.is(value);
}

function toNumber(value: Json | undefined): Json | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return value;
  return exactNumber(value) ?? value;
}

function toInteger(value: Json | undefined): Json | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : value;
  if (Decimal.is(value)) return wholePart(value);
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(value)) return value;
  const number = exactNumber(value) ?? value;
  return number === 0 ? 0 : number; // a whole number has no negative zero
}

function wholePart(value: Decimal): Json {
  const match = /^(-?\d+)(?:\.\d*)?$/.exec(value.text);
  if (match) return exactNumber(match[1]!) ?? value;
  return Number.isFinite(value.valueOf()) ? Math.trunc(value.valueOf()) : value;
}

/** The number that a text names, digit for digit; undefined when it names none. */
function exactNumber(text: string): Json | undefined {
  const match = /^\s*([+-]?)(\d+(?:_\d+)*)?(?:\.(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d+))?\s*$/.exec(text);
  if (!match || (match[2] === undefined && match[3] === undefined)) return undefined;
  const digits = (part: string | undefined): string => (part ?? '').replaceAll('_', '');
  const whole = digits(match[2]).replace(/^0+(?=\d)/, '') || '0';
  const fraction = digits(match[3]);
  const sign = match[1] === '-' ? '-' : '';
  return parseJson(`${sign}${whole}${fraction ? `.${fraction}` : ''}${match[4] ? `e${match[4]}` : ''}`);
}

function toBoolean(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') {
    const word = value.toLowerCase().trim();
    return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : value;
  }
  if (Decimal.is(value)) return value.valueOf() !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
