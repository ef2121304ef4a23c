import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fileBooks, processDestination, processSource, sync } from '@tidemark/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../duckdb-file.ts';
import { FakeSource, rows } from '../fake-source.ts';
import { ListeningSink } from './listening-sink.ts';
import { catalog, record, type Script, scripted, state, stream } from './script.ts';

/**
 * No Docker runs here: a stand-in on the PATH notes the command line, maps the mounted folder as Docker does, and runs a program
 * in the image's place. What is proved is the command line and what becomes of the files.
 */
const folder = temporaryFolder();
const path = process.env.PATH;
const calls = () => (existsSync(`${folder}/calls`) ? readFileSync(`${folder}/calls`, 'utf8').trim().split('\n') : []);

beforeAll(() => {
  mkdirSync(`${folder}/bin`);
  writeFileSync(
    `${folder}/bin/docker`,
    `#!/bin/bash
echo "$@" >> '${folder}/calls'
[ "$1" = run ] || exit 0
shift; mount=
while [ "\${1#-}" != "$1" ]; do
  case "$1" in
    -v) mount="\${2%%:*}"; stat -c 'folder %a' "$mount" >> '${folder}/calls'; shift 2 ;;
    --name) shift 2 ;;
    -e) echo "$2=\${!2}" >> '${folder}/environment'; shift 2 ;;
    *) shift ;;
  esac
done
shift
args=()
for word in "$@"; do args+=("\${word/#\\/tidemark/$mount}"); done
exec $(cat '${folder}/image') "\${args[@]}"
`,
  );
  chmodSync(`${folder}/bin/docker`, 0o755);
  process.env.PATH = `${folder}/bin:${path}`;
});
afterAll(() => {
  process.env.PATH = path;
});
beforeEach(() => writeFileSync(`${folder}/calls`, ''));

const image = (command: string[]) => writeFileSync(`${folder}/image`, command.join(' '));
const NAMED = /--name tidemark-[0-9a-f]{12}/;

describe('docker', () => {
  it('runs a source', async () => {
    const script: Script = { discover: catalog(stream('a')), read: [record('a', { id: 1 }), state('a', { at: 1 })] };
    const { command, calls: given } = scripted(folder, script);
    image(command);
    const sink = new ListeningSink();
    const source = processSource({ docker: 'airbyte/source-x:1.2', environment: { TOKEN: 'hush-hush' } });
    await sink.read(source, { a: { at: 0 } });
    expect(sink.records.a).toEqual([{ id: 1 }]);
    const lines = calls().map((line) =>
      line.replace(NAMED, '--name N').replace(/-v \S+:\/tidemark/, '-v FOLDER:/tidemark'),
    );
    const run = 'run --rm --init -i --name N -v FOLDER:/tidemark:ro -e TOKEN airbyte/source-x:1.2';
    expect(lines.filter((line) => !line.startsWith('folder'))).toEqual([
      `${run} spec`,
      `${run} discover --config /tidemark/config.json`,
      `${run} read --config /tidemark/config.json --catalog /tidemark/catalog.json --state /tidemark/state.json`,
    ]);
    // The container's user is another one: it must be able to read what only this user can reach.
    expect(lines).toContain('folder 755');
    expect(given('read')).toMatchObject([{ config_mode: '644', config: { door_code: 'hush-hush' } }]);
    expect(readFileSync(`${folder}/environment`, 'utf8')).toContain('TOKEN=hush-hush');
    expect(calls().join()).not.toContain('hush-hush');
  });

  it('runs a destination', async () => {
    const settings = `${folder}/listener.json`;
    writeFileSync(settings, '{}');
    image([process.execPath, fileURLToPath(new URL('listener.mjs', import.meta.url)), settings]);
    const result = await sync({
      source: new FakeSource([{ name: 'a', rows: rows(25) }]),
      config: {},
      destination: processDestination({ docker: 'airbyte/destination-x:3' }, fileBooks(`${folder}/books.json`)),
      connection: 'test',
    });
    expect(result).toMatchObject({ outcome: 'complete', rows: 25 });
    const verbs = calls()
      .filter((line) => line.startsWith('run'))
      .map((line) => /destination-x:3 (\w+)/.exec(line)?.[1]);
    expect(verbs).toEqual(['check', 'write']);
  });

  it('kills a container that does not end by its name', async () => {
    const script: Script = {
      discover: catalog(stream('a')),
      read: [{ deaf: true }, record('a', { id: 1 }), { hang: 60_000 }],
    };
    image(scripted(folder, script).command);
    const sink = new ListeningSink();
    const stop = new AbortController();
    sink.onPage = () => stop.abort();
    setTimeout(() => stop.abort(), 8_000).unref();
    await sink.read(processSource({ docker: 'airbyte/source-x:1.2', states: 'stream' }), {}, stop.signal);
    const name = NAMED.exec(calls().find((line) => line.includes(' read '))!)![0].replace('--name ', '');
    await expect.poll(calls, { timeout: 10_000 }).toContain(`kill ${name}`);
  }, 60_000);

  it('says when there is none', async () => {
    process.env.PATH = `${folder}/nothing`;
    await expect(processSource({ docker: 'x' }).spec()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringContaining('no docker on the PATH'),
    });
    process.env.PATH = `${folder}/bin:${path}`;
  });
});
