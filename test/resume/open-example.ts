import { readFileSync } from 'node:fs';
import { createRedactor, createSource } from '@tidemark/declarative';
import type { JsonObject } from '@tidemark/protocol';
import type { Connection } from '@tidemark/source';
import { root } from '../root.js';

/** A folder of examples/ as a connection; `edit` changes the manifest's text first. */
export async function openExample(
  folder: string,
  config: JsonObject,
  edit: (text: string) => string = (text) => text,
): Promise<Connection> {
  const file = `${root}examples/${folder}/manifest.yaml`;
  const { source } = await createSource({ text: edit(readFileSync(file, 'utf8')), file });
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
