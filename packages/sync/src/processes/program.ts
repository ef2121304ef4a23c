import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { SecretFiles } from './secret-files.js';

/** A program that speaks the Airbyte protocol: a command of this machine, or a Docker image. */
export interface Program {
  /** The program and its first arguments; the verb and its options are put behind them. */
  readonly command?: readonly string[];
  /** An image, which is run as `docker run --rm --init -i …`. */
  readonly docker?: string;
  /** Variables that are added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export type Verb = 'spec' | 'check' | 'discover' | 'read' | 'write';

/** What is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How messages call it. */
  readonly name: string;
  /** A container's name: it outlives a `docker` command that is killed and has to be killed by its name. */
  readonly container?: string;
}

/** Where a container sees the files. */
export const CONTAINER_FOLDER = '/tidemark';

/** How messages call a program, without its arguments, which may hold secrets. */
export function programName(program: Program): string {
  if (program.docker !== undefined) return `docker:${program.docker}`;
  return basename(program.command?.[0] ?? 'command');
}

/** The command line of a verb. `files` are the options' values: `{ config: … }` becomes `--config PATH`. */
export function launch(program: Program, verb: Verb, files: SecretFiles | undefined): Launch {
  const options = files?.options() ?? [];
  const environment = program.environment ?? {};
  const name = programName(program);
  if (program.docker === undefined) {
    const [command = '', ...args] = program.command ?? [];
    return { command, args: [...args, verb, ...options], environment, name };
  }
  const container = `tidemark-${randomBytes(6).toString('hex')}`;
  const mount = files ? ['-v', `${files.folder}:${CONTAINER_FOLDER}:ro`] : [];
  // Only the names: values on a command line can be read by everybody on the machine.
  const variables = Object.keys(environment).flatMap((variable) => ['-e', variable]);
  const run = ['run', '--rm', '--init', '-i', '--name', container, ...mount, ...variables];
  return { command: 'docker', args: [...run, program.docker, verb, ...options], environment, name, container };
}
