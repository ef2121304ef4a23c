import { writeFileSync } from 'node:fs';
import { openDestination, parseDestination, readConnection } from '@tidemark/sync';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../duckdb-file.ts';

const folder = temporaryFolder();
const file = `${folder}/connection.yaml`;
const read = (text: string, environment = {}) => {
  writeFileSync(file, text);
  return readConnection(file, environment);
};

describe('programs in connection.yaml', () => {
  it('can be source and destination', async () => {
    const settings = await read(
      `source:
  command: [./bin/source-x, --fast]
  environment: { KEY: "\${KEY}" }
  unparsable: quarantine
config: { account: a }
destination:
  docker: airbyte/destination-snowflake:3.1
  config: { host: h, password: "\${PASSWORD}" }
  silent_seconds: 600
state: file:state.json
`,
      { KEY: 'k-e-y', PASSWORD: 'hush-hush' },
    );
    expect(settings).toMatchObject({
      name: 'source-x',
      source: {
        program: {
          command: [`${folder}/bin/source-x`, '--fast'],
          environment: { KEY: 'k-e-y' },
          unparsable: 'quarantine',
          quarantine_file: `${folder}/source-x.quarantine.txt`,
        },
      },
      destination: {
        docker: 'airbyte/destination-snowflake:3.1',
        config: { host: 'h', password: 'hush-hush' },
        silent_seconds: 600,
      },
      state: { file: `${folder}/state.json` },
    });
    expect(settings.secrets).toEqual(expect.arrayContaining(['k-e-y', 'hush-hush']));
  });

  it('have a short form as destinations', () => {
    expect(parseDestination('command:destination-x --fast')).toEqual({ command: ['destination-x', '--fast'] });
    expect(parseDestination('docker:airbyte/destination-x:1')).toEqual({ docker: 'airbyte/destination-x:1' });
    expect(() => parseDestination('docker:')).toThrow(/names no image/);
  });

  it('need a place for their state', async () => {
    await expect(openDestination('docker:x')).rejects.toThrow(/cannot keep the state of a sync/);
  });

  it.each([
    [
      'source: { manifest: a.yaml, command: [x] }\ndestination: duckdb:x',
      /:1:\d+ 'source' needs exactly one of manifest, command, docker; it has manifest and command/,
    ],
    ['source: { unparsable: log }\ndestination: duckdb:x', /'source' needs exactly one of .*; it has none/],
    [
      'source: { manifest: a.yaml, states: global }\ndestination: duckdb:x',
      /Beside 'manifest' can stand nothing. Met: states/,
    ],
    ['source: { command: [x], unparsable: drop }\ndestination: duckdb:x', /'source.unparsable'.*fail.*quarantine.*log/],
    ['source: { command: [] }\ndestination: duckdb:x', /'source.command'/],
    ['source: x\ndestination: { command: [x], docker: y }', /exactly one of these kinds/],
    ['source: x\ndestination: { duckdb: { path: x }, config: {} }', /Beside 'duckdb' can stand nothing. Met: config/],
    ['source: x\ndestination: { comand: [x] }', /comand.*Did you mean 'command'/],
  ])('is told what is wrong with %s', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
