import type { JsonObject } from '@tidemark/protocol';
import type { Connection, RunContext, Stream } from '@tidemark/source';
import { BufferedResponse } from '../src/http/response.js';
import { type ApiRequest, type ApiResponse, createSource, type Transport } from '../src/index.js';

/** What a fake API answers. `body` that is not text is sent as JSON. */
export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A transport that answers by a function and remembers what was asked. */
export class FakeApi implements Transport {
  readonly asked: string[] = [];
  constructor(private readonly answer: (url: URL, request: ApiRequest) => FakeAnswer | Promise<FakeAnswer>) {}

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    const url = new URL(request.url);
    this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    const { status = 200, headers = {}, body = {} } = await this.answer(url, request);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new BufferedResponse(
      {
        status,
        headers: { 'content-type': 'application/json', ...headers },
        url: request.url,
        request: { method: request.method, url: request.url },
      },
      new TextEncoder().encode(text),
    );
  }
  async close(): Promise<void> {}
}

/** Logs of a run in `lines`; the clock stands. */
export function runContext(lines: string[] = []): RunContext {
  return {
    clock: () => Date.parse('2024-03-02T10:20:30Z'),
    log: (level, message) => lines.push(`${level} ${message}`),
    addSecret: () => {},
    redact: (text) => text,
    configChanged: () => {},
    signal: new AbortController().signal,
  };
}

/** Connects a manifest to a fake API. */
export async function connect(
  text: string | JsonObject,
  api: Transport,
  config: JsonObject = {},
  lines: string[] = [],
): Promise<Connection> {
  const { source } = await createSource({ text, transport: api, file: 'manifest.yaml' });
  return source.connect(config, runContext(lines));
}

/** The streams of a manifest over a fake API. */
export async function streamsOf(
  text: string | JsonObject,
  api: Transport,
  config: JsonObject = {},
  lines: string[] = [],
): Promise<readonly Stream[]> {
  return (await connect(text, api, config, lines)).streams;
}

/** A manifest of streams over https://api.test. */
export function manifestOf(streams: JsonObject[]): JsonObject {
  return {
    version: '7.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: streams.map((stream) => String(stream.name)) },
    streams,
    spec: { type: 'Spec', connection_specification: { type: 'object', properties: {} } },
  };
}

/** A stream at `path` whose records are in `data`. */
export function streamOf(name: string, retriever: JsonObject, more: JsonObject = {}): JsonObject {
  const { path = `/${name}`, requester = {}, ...rest } = retriever;
  return {
    type: 'DeclarativeStream',
    name,
    primary_key: 'id',
    schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: { id: { type: 'integer' } } } },
    ...more,
    retriever: {
      type: 'SimpleRetriever',
      requester: { type: 'HttpRequester', url_base: 'https://api.test', path, ...(requester as JsonObject) },
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
      ...rest,
    },
  };
}

const option = (field_name: string): JsonObject => ({
  type: 'RequestOption',
  inject_into: 'request_parameter',
  field_name,
});

/** The three kinds of paging, three records a page. */
export const paginators: Record<'page' | 'offset' | 'cursor', JsonObject> = {
  page: {
    type: 'DefaultPaginator',
    page_token_option: option('page'),
    pagination_strategy: { type: 'PageIncrement', page_size: 3, start_from_page: 1 },
  },
  offset: {
    type: 'DefaultPaginator',
    page_token_option: option('offset'),
    page_size_option: option('limit'),
    pagination_strategy: { type: 'OffsetIncrement', page_size: 3 },
  },
  cursor: {
    type: 'DefaultPaginator',
    page_token_option: option('after'),
    pagination_strategy: {
      type: 'CursorPagination',
      cursor_value: "{{ response.get('next') }}",
      stop_condition: "{{ not response.get('next') }}",
    },
  },
};

/** Answers `count` records in pages of three, for each kind of paging. */
export function pagesOf(count: number, make: (id: number) => unknown = (id) => ({ id })): (url: URL) => FakeAnswer {
  return (url) => {
    const query = url.searchParams;
    const start = query.has('page')
      ? (Number(query.get('page')) - 1) * 3
      : Number(query.get('offset') ?? query.get('after') ?? 0);
    const data = Array.from({ length: Math.max(0, Math.min(3, count - start)) }, (_, i) => make(start + i));
    return { body: { data, ...(start + 3 < count ? { next: String(start + 3) } : {}) } };
  };
}
