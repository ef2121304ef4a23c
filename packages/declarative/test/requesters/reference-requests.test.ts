import { readFileSync } from 'node:fs';
import { canonical, type Json, type JsonObject, parseJson } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { requesterSlot } from '../../src/components/requesters/slot.js';
import type { ApiRequest, HttpClient } from '../../src/http/client.js';
import { BufferedResponse } from '../../src/http/response.js';
import { testContext } from './test-context.js';

interface Row {
  raw: JsonObject;
  token: Json;
  request: { method: string; url: string; body: string | null; headers: Record<string, string> };
}
// Requesters and the requests that the reference makes of them (recorded by asking it).
const file = readFileSync(new URL('./reference-requests.json', import.meta.url), 'utf8');
const { config, rows } = parseJson(file) as unknown as { config: JsonObject; rows: Row[] };

const slice = { pid: 3, start_time: '2024-01-01T00:00:00Z', end_time: '2024-02-01', extra_fields: { extra: 'e1' } };

async function requestOf({ raw, token }: Row): Promise<ApiRequest> {
  const sent: ApiRequest[] = [];
  const http: HttpClient = {
    send: async (request) => {
      sent.push(request);
      return new BufferedResponse({ status: 200, headers: {}, url: request.url, request }, Buffer.from('{}'));
    },
    sleep: async () => {},
    close: async () => {},
  };
  const test = testContext(config, { http });
  const requester = test.build({ type: 'HttpRequester', $parameters: { p: 'param' }, ...raw }, requesterSlot);
  const next = token === null ? null : { next_page_token: token };
  const scope = { stream_slice: slice, next_page_token: next, extra: 'e1' };
  await requester.send({ scope, parts: {}, signal: new AbortController().signal });
  return sent[0]!;
}

/** Keys of digits come first in JavaScript: the order of parameters means nothing. */
function sorted(url: string): string {
  const [path, query = ''] = url.split('?');
  return `${path}?${query.split('&').sort().join('&')}`;
}

function body(text: unknown): string {
  if (!text) return '';
  try {
    return canonical(parseJson(String(text)));
  } catch {
    return String(text).split('&').sort().join('&');
  }
}

describe('requests are those of the reference', () => {
  it.each(rows.map((row) => [canonical(row.raw).slice(0, 160), row] as const))('%s', async (_title, row) => {
    const request = await requestOf(row);
    expect(request.method).toBe(row.request.method);
    expect(sorted(request.url)).toBe(sorted(row.request.url));
    expect(body(request.body)).toBe(body(row.request.body));
    expect(request.headers).toEqual(row.request.headers);
  });
});
