import type { Macro } from '../word.js';
import { dateMacros } from './dates.js';
import { globalMacros, macroValue } from './globals.js';
import { valueMacros } from './values.js';

/** All functions that templates can call, for documentation. */
export const macros: readonly Macro[] = [...dateMacros, ...valueMacros, ...globalMacros];

/** What names that neither the template nor its context has stand for. */
export const GLOBALS: ReadonlyMap<string, unknown> = new Map(macros.map((word) => [word.name, macroValue(word)]));
