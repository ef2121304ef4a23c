import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { backoffStrategySlot, errorHandlerSlot } from '../../src/components/error-handlers/slot.js';
import { BufferedResponse } from '../../src/http/response.js';
import { testContext } from '../requesters/test-context.js';

interface Decision {
  raw: JsonObject;
  status: number;
  headers: Record<string, string>;
  body: string;
  action: string;
  failure: string | null;
  /** Null where the sentence is the reference's own. */
  message: string | null;
}
interface Wait {
  raw: JsonObject;
  attempt: number;
  header: string | null;
  body: string;
  seconds?: number | null;
  /** The wait is longer than the strategy allows. */
  error?: string;
}
// What the reference decides and how long it waits (recorded by asking it).
const file = readFileSync(new URL('./reference-decisions.json', import.meta.url), 'utf8');
const { config, now, decisions, waits } = JSON.parse(file) as {
  config: JsonObject;
  now: number;
  decisions: Decision[];
  waits: Wait[];
};

function responseOf(status: number, headers: Record<string, string>, body: string): BufferedResponse {
  const url = 'https://u:p@api.example.com/v1/x?key=1#f';
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return new BufferedResponse({ status, headers: lower, url, request: { method: 'GET', url } }, Buffer.from(body));
}

describe('decisions are those of the reference', () => {
  it.each(decisions.map((row) => [row.status, row.body, JSON.stringify(row.raw).slice(0, 150), row] as const))(
    '%i %s %s',
    (_status, _body, _raw, row) => {
      const handler = testContext(config).build(row.raw, errorHandlerSlot);
      const resolution = handler.resolve({ response: responseOf(row.status, row.headers, row.body) });
      expect(resolution?.action).toBe(row.action);
      expect(resolution?.failureType ?? null).toBe(row.failure);
      if (row.message) expect(resolution?.message).toBe(row.message);
    },
  );
});

describe('waits are those of the reference', () => {
  it.each(waits.map((row) => [row.header, row.body, JSON.stringify(row.raw).slice(0, 150), row] as const))(
    '%s %s %s',
    (_header, _body, _raw, row) => {
      const test = testContext(config);
      test.now = now * 1000;
      const strategy = test.build(row.raw, backoffStrategySlot);
      const response = responseOf(429, row.header === null ? {} : { 'X-W': row.header }, row.body);
      const seconds = () => strategy.seconds({ response }, row.attempt) ?? 0;
      if (row.error) expect(seconds).toThrow(/max_waiting_time_in_seconds/);
      else expect(seconds()).toBeCloseTo(row.seconds ?? 0, 5);
    },
  );
});
