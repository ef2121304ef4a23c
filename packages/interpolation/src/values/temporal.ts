import { PythonObject } from './python-object.js';

/** Dates, times, durations and zones: values with a text of their own, apart from their repr. */
export abstract class Temporal extends PythonObject {
  abstract toText(): string;
  abstract toRepr(): string;
}

export const pad2 = (value: number) => (value < 10 ? `0${value}` : String(value));
export const pad4 = (value: number) => String(value).padStart(4, '0');
export const pad6 = (value: number) => String(value).padStart(6, '0');

export const DAY_MICROS = 86_400_000_000;
