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
  ])('leaves %j to be explained', (args) => {
    expect(quickParse(args)).toBeUndefined();
  });
});
