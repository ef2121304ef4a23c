import { type JsonObject, parseJson, stringify } from '@tidemark/protocol';
import {
  type Connection,
  type ConnectOptions,
  type ReadResult,
  type RecordData,
  type RunContext,
  read,
  type Sink,
} from '@tidemark/source';
import { createSource, type SourceOptions } from '../src/create-source.js';
import type { ApiRequest, Transport } from '../src/http/client.js';
import { BufferedResponse, StreamedResponse } from '../src/http/response.js';
import type { Sleep } from '../src/http/sleep.js';

/** What an API in memory answers: a JSON value, or a whole answer. */
export type Answer = JsonObject | unknown[] | { status: number; headers?: Record<string, string>; body?: unknown };

/** An API in memory that remembers what it was asked. */
export interface Api extends Transport {
  asked: string[];
  requests: ApiRequest[];
}

const isWhole = (answer: Answer): answer is { status: number } =>
  !Array.isArray(answer) && typeof answer.status === 'number' && ('body' in answer || Object.keys(answer).length <= 2);

/** Makes an API: `answer` gets the path with its query, and the request. */
export function api(answer: (path: string, request: ApiRequest) => Answer | Promise<Answer>): Api {
  const asked: string[] = [];
  const requests: ApiRequest[] = [];
  return {
    asked,
    requests,
    async send(request, signal) {
      signal.throwIfAborted();
      const url = new URL(request.url);
      const path = decodeURIComponent(url.pathname + url.search);
      asked.push(`${request.method} ${path}${request.body === undefined ? '' : ` ${request.body}`}`);
      requests.push(request);
      const given = await answer(path, request);
      const whole = isWhole(given)
        ? (given as { status: number; headers?: Record<string, string>; body?: unknown })
        : { status: 200, body: given };
      const bytes =
        whole.body instanceof Uint8Array
          ? whole.body
          : Buffer.from(typeof whole.body === 'string' ? whole.body : stringify(whole.body ?? null));
      const headers = { 'content-type': 'application/json', ...whole.headers };
      const head = {
        status: whole.status,
        headers,
        url: request.url,
        request: { method: request.method, url: request.url },
      };
      if (!request.streamed) return new BufferedResponse(head, bytes);
      const pieces = async function* () {
        for (let i = 0; i < bytes.length; i += 1000) yield bytes.subarray(i, i + 1000);
      };
      return new StreamedResponse(head, pieces());
    },
    async close() {},
  };
}

/** What a connection is given, and what it said. */
export interface Run {
  context: RunContext;
  /** Moves the clock. */
  sleep: Sleep;
  /** Every wait, seconds. */
  waits: number[];
  logs: string[];
  secrets: string[];
  configs: JsonObject[];
  stop: AbortController;
}

export function run(now = Date.UTC(2024, 0, 31)): Run {
  const logs: string[] = [];
  const secrets: string[] = [];
  const configs: JsonObject[] = [];
  const stop = new AbortController();
  const waits: number[] = [];
  let waited = 0;
  let asked = 0;
  const sleep: Sleep = async (milliseconds, signal) => {
    signal.throwIfAborted();
    waits.push(milliseconds / 1000);
    waited += milliseconds;
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal.throwIfAborted();
  };
  const context: RunContext = {
    // A read takes time: a millisecond of it.
    clock: () => now + waited + Math.min(asked++, 1),
    log: (level, message) => logs.push(`${level} ${message}`),
    addSecret: (value) => secrets.push(value),
    redact: (text) => text,
    configChanged: (config) => configs.push(config),
    signal: stop.signal,
  };
  return { context, logs, secrets, configs, stop, sleep, waits };
}

/** Connects a manifest to an API in memory. */
export async function connect(
  manifest: JsonObject | string,
  options: { config?: JsonObject; api?: Api; run?: Run; how?: ConnectOptions } & Partial<SourceOptions> = {},
): Promise<Connection> {
  const { config = {}, api: transport = api(() => ({ status: 404 })), run: ran = run(), how, ...rest } = options;
  const { source } = await createSource({ text: manifest, transport, sleep: ran.sleep, ...rest });
  return source.connect(config, ran.context, how);
}

/** What a read gave. */
export interface ReadOut extends ReadResult {
  records: Record<string, RecordData[]>;
  states: Record<string, JsonObject>;
}

/** Reads streams (all of them unless named) until they end, each from its state. */
export async function readAll(
  connection: Connection,
  options: {
    states?: Record<string, JsonObject>;
    streams?: string[];
    signal?: AbortSignal;
    onPage?: (stream: string) => void;
  } = {},
): Promise<ReadOut> {
  const records: Record<string, RecordData[]> = {};
  const states: Record<string, JsonObject> = {};
  const of = (name: string): RecordData[] => {
    records[name] ??= [];
    return records[name];
  };
  const keep = (state: JsonObject): JsonObject => parseJson(stringify(state)) as JsonObject;
  const sink: Sink = {
    page({ name }, _unit, page, state) {
      of(name).push(...page);
      if (state) states[name] = keep(state());
      options.onPage?.(name);
    },
    finalState({ name }, state) {
      states[name] = keep(state);
    },
    restart({ name }) {
      of(name).push({ restarted: true });
    },
    status() {},
    error() {},
    log() {},
  };
  const chosen = connection.streams.filter(({ name }) => options.streams?.includes(name) ?? true);
  const described = await Promise.all(chosen.map((stream) => stream.describe()));
  const catalog = {
    streams: described.map((stream) => ({
      stream,
      sync_mode: 'full_refresh' as const,
      destination_sync_mode: 'append' as const,
    })),
  };
  const given = new Map(Object.entries(options.states ?? {}));
  const result = await read({ connection, catalog, states: given, sink, signal: options.signal });
  return { ...result, records, states };
}

/** A manifest with these streams; `name` is read from `/name` of the API, records under `items`. */
export function manifestOf(parts: JsonObject): JsonObject {
  return {
    version: '7.39.1',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: [] },
    streams: [],
    ...parts,
  };
}

/** A stream that is read from a path of the API. */
export function streamOf(
  name: string,
  path = `/${name}`,
  more: { retriever?: JsonObject; requester?: JsonObject; stream?: JsonObject } = {},
): JsonObject {
  return {
    type: 'DeclarativeStream',
    name,
    retriever: {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url_base: 'http://api.test', path, ...more.requester },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
      ...more.retriever,
    },
    schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: { id: { type: 'integer' } } } },
    ...more.stream,
  };
}
