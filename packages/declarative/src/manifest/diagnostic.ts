import type { DiagnosticCode } from './diagnostic-code.js';
import type { Place } from './place.js';
import type { Path } from './positions.js';

/** `error`: the manifest cannot run as it is. `warning`: it runs, but probably not as its author meant. */
export type Severity = 'error' | 'warning';

/** One thing that is wrong with a manifest. */
export interface Diagnostic {
  severity: Severity;
  /** A stable name of the kind of mistake, for machines and for the reference pages. */
  code: DiagnosticCode;
  /** One plain sentence: what was met, and what was allowed. */
  message: string;
  /** The line to change. */
  at: Place;
  /** The places (`$ref`, alias, component that took a parameter) through which that line got to where it hurts. */
  via?: Place[];
  /** Where it hurts, e.g. `streams[2].retriever.paginator`. */
  path: string;
  /** What was probably meant. */
  suggestion?: string;
}

/** Thrown when a manifest cannot run; carries all diagnostics, warnings too. */
export class ManifestError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
    super(errors.map(formatDiagnostic).join('\n') || 'the manifest has no error');
    this.name = 'ManifestError';
    this.diagnostics = diagnostics;
  }
}

/** Throws a `ManifestError` when there is an error among the diagnostics. */
export function throwOnErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) throw new ManifestError(diagnostics);
}

/** A place as `file:line:column`, or the file alone when the value came from no text. */
export function formatPlace(place: Place): string {
  return place.line === 0 ? place.file : `${place.file}:${place.line}:${place.column}`;
}

/** One line: `manifest.yaml:41:15 unknown field 'page_sise' in PageIncrement (has: …). Did you mean 'page_size'?` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const where = diagnostic.at.line === 0 && diagnostic.path !== '' ? ` ${diagnostic.path}:` : '';
  const hint = diagnostic.suggestion === undefined ? '' : `. Did you mean '${diagnostic.suggestion}'?`;
  const via = diagnostic.via?.length ? ` (through ${diagnostic.via.map(formatPlace).join(', ')})` : '';
  const severity = diagnostic.severity === 'warning' ? ' warning:' : '';
  return `${formatPlace(diagnostic.at)}${severity}${where} ${diagnostic.message}${hint}${via}`;
}

/** The diagnostics as JSON-ready objects, for `--json`. */
export function diagnosticsToJson(diagnostics: readonly Diagnostic[]): Record<string, unknown>[] {
  return diagnostics.map(({ severity, code, message, at, via, path, suggestion }) => ({
    severity,
    code,
    message,
    ...at,
    path,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(via?.length ? { via } : {}),
  }));
}

/** A path as people write it: `streams[2].retriever.paginator`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number' || /^\d+$/.test(segment)) text += `[${segment}]`;
    else if (/^[\w$-]+$/.test(segment)) text += text === '' ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

/** Errors before warnings is not wanted: diagnostics are read beside the file, so they go by line. Doubles are dropped. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  const unique = diagnostics.filter((diagnostic) => {
    const { at } = diagnostic;
    // A value from no file has no place of its own: there its path tells one from another.
    const key = [
      at.file,
      at.line,
      at.column,
      at.line === 0 ? diagnostic.path : '',
      diagnostic.code,
      diagnostic.message,
    ].join('\0');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return unique.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}
