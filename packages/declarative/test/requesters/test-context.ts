import type { JsonObject } from '@tidemark/protocol';
import type { BuildContext } from '../../src/component/context.js';
import { Builder, type Slot } from '../../src/component/index.js';
import { ResponseCache } from '../../src/http/cache.js';
import { type BudgetedHttpClient, createHttpClient } from '../../src/http/client.js';
import { createRedactor } from '../../src/http/redact.js';
import { createTransport } from '../../src/http/undici-transport.js';
import { language } from '../../src/language.js';

/** What a test sees of its context besides what the words see. */
export interface TestContext {
  context: BuildContext;
  client: BudgetedHttpClient;
  /** Waits that were asked for, seconds. No test waits in earnest. */
  waits: number[];
  logs: string[];
  changes: JsonObject[];
  now: number;
  build<T>(raw: JsonObject, slot: Slot<T>): T;
  close(): Promise<void>;
}

/** A context for words of these rooms, over the real transport. Waits take no time but move the clock. */
export function testContext(config: JsonObject = {}, over: Partial<BuildContext> = {}): TestContext {
  const redactor = createRedactor();
  const test = {
    waits: [] as number[],
    logs: [] as string[],
    changes: [] as JsonObject[],
    now: Date.parse('2024-03-02T10:20:30Z'),
  } as TestContext;
  const client = createHttpClient({
    transport: createTransport({
      responseBytesMax: 10_000_000,
      env: {},
      holdsSecret: (text) => redactor.redact(text) !== text,
    }),
    cache: new ResponseCache(),
    clock: () => test.now,
    sleep: async (milliseconds, signal) => {
      signal.throwIfAborted();
      test.waits.push(milliseconds / 1000);
      test.now += milliseconds;
    },
  });
  test.client = client;
  test.context = {
    config,
    clock: () => test.now,
    log: (_level, message) => void test.logs.push(message),
    addSecret: redactor.addSecret,
    redact: redactor.redact,
    configChanged: (changed) => void test.changes.push(structuredClone(changed)),
    http: client,
    builder: new Builder(language),
    manifest: {},
    propagate: (component) => component,
    readFile: () => undefined,
    shared: new Map(),
    settings: { responseBytesMax: 10_000_000, paginationGuard: true, pagesWithoutNewKeyMax: 10, waitSecondsMax: 3600 },
    ...over,
  };
  test.build = (raw, slot) => test.context.builder.build(raw, slot, test.context);
  test.close = () => client.close();
  return test;
}
