import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@tidemark/protocol';

const player = fileURLToPath(new URL('player.mjs', import.meta.url));

/** What a program plays: messages, lines as they are, and orders such as `{ sleep: 100 }`. */
export type Step = JsonObject | string;
export type Script = Partial<Record<'spec' | 'check' | 'discover' | 'read' | 'write', Step[]>>;

let number = 0;

/** Writes a script; gives the command that plays it, and what it was given on each run. */
export function scripted(folder: string, script: Script): { command: string[]; calls(verb?: string): JsonObject[] } {
  const file = `${folder}/script-${++number}.json`;
  const spec = { type: 'SPEC', spec: { connectionSpecification: secretSpec } };
  writeFileSync(file, JSON.stringify({ spec: [spec], ...script }));
  return {
    command: [process.execPath, player, file],
    calls(verb) {
      const text = existsSync(`${file}.calls`) ? readFileSync(`${file}.calls`, 'utf8').trim() : '';
      const all = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as JsonObject);
      return verb === undefined ? all : all.filter((call) => call.verb === verb);
    },
  };
}

const secretSpec = {
  type: 'object',
  properties: { account: { type: 'string' }, door_code: { type: 'string', airbyte_secret: true } },
};

export const stream = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  json_schema: { type: 'object', properties: { id: { type: 'integer' }, pad: { type: 'string' } } },
  supported_sync_modes: ['full_refresh'],
  ...more,
});

export const catalog = (...streams: JsonObject[]): Step[] => [{ type: 'CATALOG', catalog: { streams } }];

export const record = (name: string, data: JsonObject, more: JsonObject = {}): Step => ({
  type: 'RECORD',
  record: { stream: name, data, emitted_at: 1, ...more },
});

export const state = (name: string, content: JsonObject, recordCount?: number): Step => ({
  type: 'STATE',
  state: {
    type: 'STREAM',
    stream: { stream_descriptor: { name }, stream_state: content },
    ...(recordCount === undefined ? {} : { sourceStats: { recordCount } }),
  },
});

export const status = (name: string, what: string): Step => ({
  type: 'TRACE',
  trace: { type: 'STREAM_STATUS', emitted_at: 1, stream_status: { stream_descriptor: { name }, status: what } },
});

export const failure = (type: string, message: string, name?: string): Step => ({
  type: 'TRACE',
  trace: {
    type: 'ERROR',
    emitted_at: 1,
    error: { message, failure_type: type, ...(name ? { stream_descriptor: { name } } : {}) },
  },
});
