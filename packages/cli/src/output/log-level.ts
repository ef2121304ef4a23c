import type { LogLevel } from '@tidemark/protocol';

const ORDER: readonly LogLevel[] = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'];

/** The least urgent level that is shown: `--debug`, else the environment's LOG_LEVEL, else INFO. */
export function chosenLogLevel(debug: boolean | undefined, environment: string | undefined): LogLevel {
  if (debug) return 'DEBUG';
  const wanted = environment?.trim().toUpperCase().replace('WARNING', 'WARN').replace('CRITICAL', 'FATAL');
  return ORDER.find((level) => level === wanted) ?? 'INFO';
}

/** True when a message of this level is to be shown. */
export function isShown(level: LogLevel, shown: LogLevel): boolean {
  return ORDER.indexOf(level) <= ORDER.indexOf(shown);
}
