import { readFileSync } from 'node:fs';
import { createRedactor, createSource } from '@tidemark/declarative';
import type { JsonObject } from '@tidemark/protocol';
import type { Connection } from '@tidemark/source';
import { root } from '../root.js';

/** A folder of examples/ as a connection to this API. */
export async function openExample(folder: string, config: JsonObject): Promise<Connection> {
  const file = `${root}examples/${folder}/manifest.yaml`;
  const { source } = createSource({ text: readFileSync(file, 'utf8'), file });
  const { addSecret, redact } = createRedactor();
  return source.connect(config, {
    clock: () => Date.UTC(2025, 0, 15),
    log: () => undefined,
    addSecret,
    redact,
    configChanged: () => undefined,
    signal: new AbortController().signal,
  });
}
