import type { LogLevel } from '@tidemark/protocol';
import type { Source } from '@tidemark/source';
import { loadSource } from '../input/manifest.js';
import type { CommandOptions } from '../options.js';
import type { JobOrder } from './job-order.js';

/** The source of a sync: a manifest, or a program of the Airbyte protocol. Nothing is connected yet. */
export async function openSource(
  { source }: Pick<JobOrder, 'source'>,
  options: CommandOptions,
  log: (level: LogLevel, message: string) => void,
): Promise<Source> {
  if ('manifest' in source) return loadSource(source.manifest, options, log);
  const { processSource } = await import('@tidemark/sync');
  return processSource(source.program);
}
