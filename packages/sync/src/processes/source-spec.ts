import { resolve } from 'node:path';
import { ConnectorError } from '@tidemark/source';
import type { ProcessSourceSettings } from './process-source.js';
import { commandSchema, imageSchema, programFields, resolveProgram } from './program-kinds.js';

/** The fields of `source` in connection.yaml where it is a program. */
export const programSourceFields = {
  command: commandSchema,
  docker: imageSchema,
  ...programFields,
  unparsable: {
    enum: ['fail', 'quarantine', 'log'],
    description:
      'What is done with a line that is no message: fail (the default), quarantine (it is put into quarantine_file and counted), or log (plain text is logged and counted, anything else fails).',
  },
  quarantine_file: {
    type: 'string',
    minLength: 1,
    description:
      'Where such lines go, relative to this file. Default: the name of the connection with .quarantine.txt.',
  },
  states: {
    enum: ['stream', 'global'],
    description: 'Whether each stream has a state of its own or one covers all. Default: as the program sends them.',
  },
} as const;

/**
 * The program of `source`, its paths made absolute; undefined where the source is a manifest.
 * Throws ConnectorError (config) where it is neither, or both.
 */
export function programSource(
  source: ProcessSourceSettings & { manifest?: string },
  folder: string,
  connection: string | undefined,
): ProcessSourceSettings | undefined {
  const ways = (['manifest', 'command', 'docker'] as const).filter((way) => source[way] !== undefined);
  if (ways.length !== 1)
    throw new ConnectorError(
      'config',
      `'source' needs exactly one of manifest, command, docker; it has ${ways.join(' and ') || 'none'}.`,
    );
  if (ways[0] !== 'manifest') {
    const name = connection ?? programTitle(source);
    const file = source.quarantine_file ?? `${name.replace(/[^\w.-]+/g, '_')}.quarantine.txt`;
    return { ...resolveProgram(source, folder), quarantine_file: resolve(folder, file) };
  }
  const others = Object.keys(source).filter((key) => key !== 'manifest');
  if (others.length > 0)
    throw new ConnectorError('config', `Beside 'manifest' can stand nothing. Met: ${others.join(', ')}.`);
  return undefined;
}

/** What a connection without a name is called: the program or the image, without its folder and version. */
export function programTitle({ command, docker }: ProcessSourceSettings): string {
  const name = docker ?? command?.[0] ?? 'program';
  return (name.split('/').at(-1) ?? name).replace(/[:@].*$/, '');
}
