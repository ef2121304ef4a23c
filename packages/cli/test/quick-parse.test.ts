import { describe, expect, it } from 'vitest';
import { quickParse } from '../src/quick-parse.js';

describe('quickParse', () => {
  it('understands what is right', () => {
    expect(
      quickParse(['read', 'm.yaml', '--config', 'c.json', '--state=s.json', '--debug', '--no-custom-code']),
    ).toMatchObject({
      command: { name: 'read' },
      file: 'm.yaml',
      options: { config: 'c.json', state: 's.json', debug: true, customCode: false },
    });
    expect(quickParse(['check', '--config', '-', 'm.yaml'])).toMatchObject({
      file: 'm.yaml',
      options: { config: '-' },
    });
  });

  it('understands commands of two words, options that are repeated, and switches that turn off', () => {
    expect(quickParse(['state', 'export', 'c.yaml', '--file', 's.json'])).toMatchObject({
      command: { name: 'state export' },
      file: 'c.yaml',
      options: { file: 's.json' },
    });
    expect(quickParse(['refresh', 'c.yaml', '--stream', 'a', '--stream', 'b,c'])?.options).toEqual({
      stream: ['a', 'b,c'],
    });
    expect(quickParse(['sync', 'c.yaml', '--no-retry', '--log', 'json'])?.options).toEqual({
      retry: false,
      log: 'json',
    });
  });

  it.each([
    [[]],
    [['--version']],
    [['spec']],
    [['spec', 'a', 'b']],
    [['spec', 'm.yaml', '--help']],
    [['spec', 'm.yaml', '--no-debug']],
    [['spec', 'm.yaml', '--custom-code']],
    [['read', 'm.yaml', '--config']],
    [['wander', 'm.yaml']],
    [['state', 'c.yaml']],
    [['state', 'exprt', 'c.yaml']],
    [['sync', 'c.yaml', '--retry']],
  ])('leaves %j to be explained', (args) => {
    expect(quickParse(args)).toBeUndefined();
  });
});
