import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/http/pattern.js';

describe('compilePattern', () => {
  it('searches anywhere, or matches at the beginning', () => {
    const digits = compilePattern('[0-9]+', 'a test');
    expect(digits.find('wait 30 or 40')).toBe('30');
    expect(digits.find('wait 30', true)).toBeUndefined();
    expect(digits.find('30 seconds', true)).toBe('30');
  });

  it('knows the dialect of manifests', () => {
    expect(compilePattern('(?P<n>\\d)(?P=n)', 'a test').find('1233')).toBe('33');
    expect(compilePattern('(?i)abc\\Z', 'a test').find('xABC')).toBe('ABC');
  });

  it('says where a pattern is none', () => {
    expect(() => compilePattern('(', 'url_path_pattern')).toThrow(
      /regular expression of url_path_pattern cannot be used/,
    );
  });

  it('is not held up by a pattern that would take for ever', () => {
    const evil = compilePattern('(a+)+$', 'a test');
    expect(() => evil.find(`${'a'.repeat(60)}!`)).toThrow(/cannot be used/);
  });
});
