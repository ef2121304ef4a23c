export type { Diagnostic, DiagnosticCode } from './check.js';
export { check } from './check.js';
export { compileFormat } from './datetime/format.js';
export type { CompiledFormat, Duration, Moment } from './datetime.js';
export {
  addDuration,
  compareMoments,
  compileDatetimeFormat,
  formatDatetime,
  momentFromMicros,
  momentNow,
  parseAnyDatetime,
  parseDatetime,
  parseDuration,
  subtractDuration,
} from './datetime.js';
export type { FailureKind, Position } from './error.js';
export { TemplateError } from './error.js';
export { filters } from './filters/index.js';
export type { Evaluator, MappingOptions } from './interpolated.js';
export { compileMapping, compileNested, compileString } from './interpolated.js';
export type { LiteralType } from './literal/evaluate-literal.js';
export { macros } from './macros/index.js';
export type { Pattern } from './pattern.js';
export { compilePattern } from './pattern.js';
export type { CompileOptions, Context, EvaluateOptions } from './template.js';
export { compile, interpolate, Template } from './template.js';
export { tests } from './tests/index.js';
export { toText } from './to-text.js';
export { DateTime } from './values/date-time.js';
export { UTC } from './values/zone.js';
export type { Example, Filter, Macro, Test, Word } from './word.js';
