import { resolve } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { DestinationKind } from '../destinations/kind.js';
import type { ProcessDestinationSettings } from './process-destination.js';
import type { Program } from './program.js';

const text = { type: 'string', minLength: 1 } as const;

/** What stands beside `command` and `docker`, of sources and destinations. */
export const programFields: Record<string, JsonObject> = {
  environment: {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: "Variables that are added to the program's environment.",
    writeOnly: true,
  },
  record_counts: {
    enum: ['compare', 'ignore'],
    description: 'Whether the counts in its states are compared with what was sent or came. Default: compare.',
  },
};

const beside: Record<string, JsonObject> = {
  ...programFields,
  config: { type: 'object', description: 'The configuration that its spec asks for.' },
  silent_seconds: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'It is ended when it neither takes nor says anything for so long. Default: 3600.',
  },
};

/** The program and its first arguments. */
export const commandSchema = {
  type: 'array',
  items: text,
  minItems: 1,
  description: 'A program that speaks the Airbyte protocol, and its first arguments.',
} as const;

/** An image of the Airbyte protocol. */
export const imageSchema = {
  ...text,
  description: 'A Docker image that speaks the Airbyte protocol; it is run with the docker command.',
} as const;

/** A program that is named with a folder is looked for from the file that names it. */
export function resolveProgram<T extends Program>(program: T, folder: string): T {
  const [command, ...args] = program.command ?? [];
  if (command === undefined || !/[\\/]/.test(command)) return program;
  return { ...program, command: [resolve(folder, command), ...args] };
}

/** `command: [destination-x]`: any destination of the Airbyte protocol that this machine can run. */
export const commandKind: DestinationKind<ProcessDestinationSettings> = {
  key: 'command',
  schemes: ['command'],
  example: 'command:PROGRAM',
  schema: commandSchema,
  beside,
  books: 'given',
  resolve: resolveProgram,
  parse(short) {
    const words = short
      .replace(/^command:/i, '')
      .trim()
      .split(/\s+/);
    if (words[0] === '') throw new ConnectorError('config', "'command:' names no program. Write command:PROGRAM.");
    return { command: words };
  },
  async open(settings, books) {
    const { processDestination } = await import('./process-destination.js');
    return processDestination(settings, books!);
  },
};

/** `docker: airbyte/destination-x:1.2.3`: any destination of the Airbyte protocol that is an image. */
export const dockerKind: DestinationKind<ProcessDestinationSettings> = {
  key: 'docker',
  schemes: ['docker'],
  example: 'docker:IMAGE',
  schema: imageSchema,
  beside,
  books: 'given',
  parse(short) {
    const docker = short.replace(/^docker:(\/\/)?/i, '').trim();
    if (docker === '') throw new ConnectorError('config', "'docker:' names no image. Write docker:IMAGE.");
    return { docker };
  },
  open: commandKind.open,
};
