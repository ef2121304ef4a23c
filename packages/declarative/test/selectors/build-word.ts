import type { JsonObject } from '@tidemark/protocol';
import { Builder } from '../../src/component/build.js';
import type { BuildContext, StreamSetup } from '../../src/component/context.js';
import type { ComponentDefinition } from '../../src/component/define.js';
import { Registry } from '../../src/component/registry.js';
import type { Slot } from '../../src/component/slot.js';
import type { HttpClient } from '../../src/http/client.js';

/** Words below the retriever never ask it. */
const noNetwork = {} as HttpClient;

/** What a word is built with in a test, beside itself. */
export interface WordSetup {
  config?: JsonObject;
  stream?: StreamSetup;
  files?: Record<string, string>;
  custom?: (className: string) => unknown;
  responseBytesMax?: number;
}

/** Every warning and error that was logged lands in `messages`. */
export function buildContext(
  words: readonly ComponentDefinition[],
  setup: WordSetup = {},
  messages: string[] = [],
): BuildContext {
  return {
    config: setup.config ?? {},
    clock: () => Date.UTC(2024, 0, 1),
    log: (level, message) => void messages.push(`${level} ${message}`),
    addSecret: () => undefined,
    redact: (text) => text.replaceAll('s3cret', '***'),
    configChanged: () => undefined,
    http: noNetwork,
    builder: new Builder(new Registry(words)),
    manifest: {},
    propagate: (component) => component,
    readFile: (path) => setup.files?.[path],
    customComponent: setup.custom,
    stream: setup.stream,
    shared: new Map(),
    settings: {
      responseBytesMax: setup.responseBytesMax ?? 1_000_000,
      paginationGuard: true,
      pagesWithoutNewKeyMax: 3,
      waitSecondsMax: 10,
    },
  };
}

/** Builds one component with these words known, as the builder of a whole source does. */
export function build<T>(
  raw: JsonObject,
  slot: Slot<T>,
  words: readonly unknown[],
  setup: WordSetup = {},
  messages: string[] = [],
): T {
  const context = buildContext(words as ComponentDefinition[], setup, messages);
  return context.builder.build(raw, slot, context);
}
