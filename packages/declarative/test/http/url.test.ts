import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { encodeForm, joinUrl, prepareUrl } from '../../src/http/url.js';

interface Row {
  base: string;
  path: string;
  params: JsonObject;
  url: string;
}
// What the reference makes of a base, a path and parameters (recorded by asking it).
const rows = JSON.parse(readFileSync(new URL('./reference-urls.json', import.meta.url), 'utf8')) as Row[];

describe('joinUrl and prepareUrl', () => {
  it.each(rows.map((row) => [row.base, row.path, row] as const))('%s with %s', (base, path, row) => {
    expect(prepareUrl(joinUrl(base, path), row.params)).toBe(row.url);
  });

  it('takes a colon in the first segment of a path for what it is', () => {
    expect(joinUrl('https://api.example.com/v1', 'reports:run')).toBe('https://api.example.com/v1/reports:run');
  });
});

describe('encodeForm', () => {
  it('writes long numbers digit for digit, and the keys of an object', () => {
    expect(encodeForm({ id: 12345678901234567890n, map: { a: 1, b: 2 } })).toBe('id=12345678901234567890&map=a&map=b');
  });
});
