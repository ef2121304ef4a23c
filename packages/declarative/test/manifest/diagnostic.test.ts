import { describe, expect, it } from 'vitest';
import {
  type Diagnostic,
  diagnosticsToJson,
  formatDiagnostic,
  ManifestError,
  nearest,
  sortDiagnostics,
  throwOnErrors,
} from '../../src/manifest/index.js';

const at = (line: number, column = 1) => ({ file: 'manifest.yaml', line, column });
const found: Diagnostic = {
  severity: 'warning',
  code: 'unknown-field',
  message: "unknown field 'page_sise' in PageIncrement (has: page_size)",
  at: at(41, 15),
  via: [at(120, 7)],
  path: 'streams[2].retriever.paginator',
  suggestion: 'page_size',
};

describe('a diagnostic', () => {
  it('is one line for people', () => {
    expect(formatDiagnostic({ ...found, severity: 'error' })).toBe(
      "manifest.yaml:41:15 unknown field 'page_sise' in PageIncrement (has: page_size). Did you mean 'page_size'? (through manifest.yaml:120:7)",
    );
    expect(formatDiagnostic({ ...found, at: at(0, 0), via: [], suggestion: undefined })).toBe(
      "manifest.yaml warning: streams[2].retriever.paginator: unknown field 'page_sise' in PageIncrement (has: page_size)",
    );
  });

  it('is an object for machines', () => {
    expect(diagnosticsToJson([found])).toEqual([
      {
        severity: 'warning',
        code: 'unknown-field',
        message: found.message,
        file: 'manifest.yaml',
        line: 41,
        column: 15,
        path: found.path,
        suggestion: 'page_size',
        via: [at(120, 7)],
      },
    ]);
  });

  it('stands in the order of the file, once', () => {
    const first = { ...found, at: at(2) };
    expect(sortDiagnostics([found, first, { ...found, path: 'streams[3]' }])).toEqual([first, found]);
  });

  it('stops a run only when it is an error; the error carries all', () => {
    expect(() => throwOnErrors([found])).not.toThrow();
    const error = { ...found, severity: 'error' as const };
    expect(() => throwOnErrors([found, error])).toThrow(ManifestError);
    expect(new ManifestError([found, error])).toMatchObject({
      message: formatDiagnostic(error),
      diagnostics: [found, error],
    });
  });
});

describe('did you mean', () => {
  it.each([
    ['page_sise', ['page_size', 'page_token'], 'page_size'],
    ['pageSize', ['page_size'], 'page_size'],
    ['PageIncremnt', ['PageIncrement', 'OffsetIncrement'], 'PageIncrement'],
    ['feild_path', ['field_path'], 'field_path'],
    ['ids', ['id', 'name'], 'id'],
    ['GTE', ['GET', 'POST'], 'GET'],
    ['banana', ['page_size', 'path'], undefined],
    ['x', ['path'], undefined],
  ])('%s', (written, candidates, expected) => {
    expect(nearest(written, candidates)).toBe(expected);
  });
});
