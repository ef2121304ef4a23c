import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonical, type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import { attachedFile, discover, type RecordData } from '@tidemark/source';
import { afterAll, describe, expect, it } from 'vitest';
import { createSource, type SourceOptions } from '../../src/create-source.js';
import { type Answer, type Api, api, connect, readAll, run } from '../run-source.js';

/** One run as the reference made it. */
interface ExpectedRun {
  records: Record<string, JsonObject[]>;
  /** Why the read ended early. */
  failed?: string;
  states: Record<string, JsonObject>;
  statuses: Record<string, string[]>;
  asked: string[];
}

/** A case: written by hand, its `expected` recorded from the reference by record.py. */
interface Case {
  manifest: JsonObject;
  config?: JsonObject;
  now?: string;
  /** Request headers that are compared too. */
  headers?: string[];
  /** The files of the connector's folder. */
  files?: Record<string, JsonObject>;
  answers: Record<string, JsonObject | JsonObject[]>;
  runs: { state?: 'previous' | Record<string, JsonObject>; streams?: string[] }[];
  expected: {
    spec?: JsonObject;
    check: { status?: string; error?: string; asked: string[] };
    catalog: JsonObject[] | { error: string };
    discover_asked: string[];
    runs: ExpectedRun[];
  };
  /** Why the reference asks for the same more often than is needed: then it is only compared what was asked. */
  repeats?: string;
  /** Where the reference is wrong: the run's number and what differs, with the reason. */
  differs?: Record<string, string>;
}

const folder = fileURLToPath(new URL('cases', import.meta.url));
const filesFolder = mkdtempSync(join(tmpdir(), 'tidemark-golden-'));
afterAll(() => rmSync(filesFolder, { recursive: true }));
const NOW = '2024-03-02T10:20:30+00:00';

/** An API that answers as the case says; what it was asked has the headers that the case compares. */
function answering({ answers: given, headers = [] }: Case): Api {
  const answers = Object.fromEntries(Object.entries(given).map(([key, answer]) => [plain(key), answer]));
  const counts = new Map<string, number>();
  const transport: Api = api((path, { method, body, headers: sent }) => {
    const key = `${method} ${path}`;
    const all = lower(sent);
    const shown = headers
      .flatMap((name) => (all[name.toLowerCase()] === undefined ? [] : ` <${name}: ${all[name.toLowerCase()]}>`))
      .join('');
    const last = transport.asked.length - 1;
    transport.asked[last] = steady(transport.asked[last]!.replace(key, () => key + shown));
    const found = answers[plain(`${key} ${body}`)] ?? answers[key] ?? answers[`${key.replace(/\?.*/, '')}?*`];
    if (found === undefined) return { status: 404, body: { error: `nothing at ${key}` } };
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    const answer = (Array.isArray(found) ? found[Math.min(count, found.length - 1)] : found) as JsonObject;
    const whole = {
      status: (answer.status ?? 200) as number,
      headers: lower(answer.headers as JsonObject | undefined),
    };
    if (answer.base64 !== undefined)
      return { ...whole, body: Buffer.from(answer.base64 as string, 'base64') } as Answer;
    return { ...whole, body: answer.text ?? answer.body ?? null } as Answer;
  });
  return transport;
}

/** The signature of a token is left out where its algorithm signs with chance. */
function steady(text: string): string {
  return text.replace(/(eyJ[\w-]+)\.([\w-]+)\.[\w-]+/g, (whole, head: string, payload: string) => {
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as { alg: string };
    return /^(?:ES|PS)/.test(alg) ? `${head}.${payload}.*` : whole;
  });
}

/** What stands beside the manifest, and where fetched files go. */
function surroundings({ files = {} }: Case): Partial<SourceOptions> {
  const readFile = (path: string): string | undefined => {
    const file = files[path.replace(/^source_golden\//, '')];
    return file === undefined ? undefined : stringify(file);
  };
  return { readFile, settings: { filesFolder } };
}

/** A record as the recorder shows it: without top-level nulls, which the reference's messages leave out, and with its file. */
function shown(record: RecordData): JsonObject {
  const rest = Object.fromEntries(Object.entries(record as JsonObject).filter(([, value]) => value !== null));
  const file = attachedFile(record);
  if (!file) return rest;
  const { source_file_relative_path, file_size_bytes } = file;
  return { ...rest, __file: { source_file_relative_path, file_size_bytes } };
}

function lower(headers: JsonObject = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** Records and requests come in no order that is promised; JSON bodies are compared as JSON. */
const sorted = (items: readonly unknown[]): string[] =>
  items.map((item) => (typeof item === 'string' ? plain(item) : canonical(item))).sort();

function plain(request: string): string {
  const at = request.search(/ [[{]/);
  return at < 0 ? request : `${request.slice(0, at)} ${canonical(parseJson(request.slice(at + 1)))}`;
}

/** The reference asks more than once for what a check needs twice. */
const asSet = (items: readonly string[]): string[] => [...new Set(items.map(plain))].sort();

const FACTS = [
  'name',
  'json_schema',
  'supported_sync_modes',
  'default_cursor_field',
  'source_defined_cursor',
  'source_defined_primary_key',
];
const facts = (stream: JsonObject): JsonObject =>
  Object.fromEntries(
    FACTS.filter((key) => stream[key] !== undefined && stream[key] !== null && canonical(stream[key]) !== '[]').map(
      (key) => [key, stream[key]],
    ),
  );

describe.each(readdirSync(folder))('%s', (file) => {
  const given = parseJson(readFileSync(`${folder}/${file}`, 'utf8')) as unknown as Case;
  const { manifest, config = {}, expected, differs = {} } = given;
  const requests = given.repeats === undefined ? sorted : asSet;
  const clock = Date.parse(given.now ?? NOW);
  const agree = (what: string, check: () => void): void =>
    differs[what] === undefined ? check() : expect(check, differs[what]).toThrow();

  it('has its specification', async () => {
    if (!expected.spec) return expect(manifest.spec).toBeUndefined();
    const { supportsNormalization: _, supportsDBT: __, ...specification } = expected.spec;
    expect(await (await createSource({ text: manifest, ...surroundings(given) })).source.spec()).toEqual(specification);
  });

  it('is checked', async () => {
    const transport = answering(given);
    const checked = async () =>
      (
        await connect(manifest, {
          config,
          api: transport,
          run: run(clock),
          ...surroundings(given),
          how: { forCheck: true },
        })
      ).check();
    const { succeeded, message } = await checked().catch((error) => ({ succeeded: false, message: String(error) }));
    agree('check', () =>
      expect(succeeded ? 'SUCCEEDED' : message).toBe(expected.check.status === 'SUCCEEDED' ? 'SUCCEEDED' : message),
    );
    agree('check asked', () => expect(asSet(transport.asked)).toEqual(asSet(expected.check.asked)));
  });

  it('is discovered', async () => {
    const transport = answering(given);
    const discovering = async () =>
      discover(await connect(manifest, { config, api: transport, run: run(clock), ...surroundings(given) }));
    if (!Array.isArray(expected.catalog)) {
      await expect(discovering()).rejects.toMatchObject({ name: 'ConnectorError' });
    } else {
      const { streams } = await discovering();
      agree('catalog', () =>
        expect((streams as unknown as JsonObject[]).map(facts)).toEqual((expected.catalog as JsonObject[]).map(facts)),
      );
    }
    agree('discover asked', () => expect(requests(transport.asked)).toEqual(requests(expected.discover_asked)));
  });

  it('is read', async () => {
    let previous: Record<string, JsonObject> = {};
    for (const [index, { state, streams }] of given.runs.entries()) {
      const transport = answering(given);
      const connection = await connect(manifest, {
        config,
        api: transport,
        run: run(clock),
        ...surroundings(given),
      });
      const states = state === 'previous' ? previous : state;
      const out = await readAll(connection, { states, streams });
      const want = expected.runs[index]!;
      const all = (records: Record<string, RecordData[]>): Record<string, string[]> =>
        Object.fromEntries(
          Object.entries(records)
            .filter(([, list]) => list.length)
            .map(([name, list]) => [name, sorted(list.filter((record) => !record.restarted).map(shown))])
            .sort(),
        );
      agree(`run ${index} records`, () => expect(all(out.records)).toEqual(all(want.records)));
      agree(`run ${index} asked`, () => expect(requests(transport.asked)).toEqual(requests(want.asked)));
      const outcomes = Object.fromEntries(
        [...out.outcomes].map(([name, outcome]) => [name, outcome === 'complete' ? 'COMPLETE' : 'INCOMPLETE']),
      );
      agree(`run ${index} statuses`, () =>
        expect(outcomes).toEqual(
          Object.fromEntries(Object.entries(want.statuses).map(([name, list]) => [name, list.at(-1)])),
        ),
      );
      for (const [name, wanted] of Object.entries(want.states)) {
        // A stream that failed must not look finished: the reference's does.
        if (outcomes[name] !== 'COMPLETE')
          expect(out.states[name]).not.toHaveProperty('__ab_full_refresh_sync_complete');
        else if (wanted.__ab_no_cursor_state_message)
          expect(out.states[name], name).toHaveProperty('__ab_full_refresh_sync_complete', true);
        else agree(`run ${index} state of ${name}`, () => expect(out.states[name]).toEqual(wanted));
      }
      previous = out.states;
    }
  });
});
