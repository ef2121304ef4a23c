import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/reference/error-codes.js';
import { brokenManifest, diagnose } from '../../src/reference/error-page.js';
import { EXAMPLE_MANIFEST } from '../../src/reference/example-manifest.js';

it('the example manifest is right', () => {
  expect(diagnose(EXAMPLE_MANIFEST)).toEqual([]);
});

describe('the example of an error code shows that error and nothing else', () => {
  for (const [code, { edits }] of Object.entries(ERROR_CODES)) {
    if (!edits) continue;
    it(code, () => {
      expect([...new Set(diagnose(brokenManifest(edits)).map((diagnostic) => diagnostic.code))]).toEqual([code]);
    });
  }
});
