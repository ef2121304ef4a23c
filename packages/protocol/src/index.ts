export { canonical, Decimal, type Json, type JsonObject, parseJson, stringify } from './json.js';
export * from './messages.js';
