import { ConnectorError } from '@tidemark/source';

const SHAPES: [RegExp, (file: string, text: string) => ConnectorError][] = [
  [
    /Conflicting lock is held|Could not set lock/i,
    (file, text) => {
      const pid = /PID (\d+)/.exec(text)?.[1];
      const who = pid ? `process ${pid}` : 'another process';
      return new ConnectorError(
        'transient',
        `${file} is in use by ${who}. Close it there (a DuckDB file takes one writer), then run this again.`,
        { detail: text },
      );
    },
  ],
  [
    /No space left on device|Could not write|disk (?:is )?full|File too large|ENOSPC|EFBIG|failed to write|out of disk|max_temp_directory_size/i,
    (file, text) =>
      new ConnectorError(
        'system',
        `There is no room to write ${file}. Make room on that disk and run this again: it goes on from the last checkpoint, nothing that was committed is lost.`,
        { detail: text },
      ),
  ],
  [
    /not a valid DuckDB database file/i,
    (file, text) =>
      new ConnectorError(
        'config',
        `${file} is not a DuckDB database. It was left as it is. Name another file, or move this one away.`,
        { detail: text },
      ),
  ],
  [
    /version number|storage version|newer version of DuckDB/i,
    (file, text) =>
      new ConnectorError(
        'config',
        `${file} was written by another version of DuckDB that this one cannot read. Open it with that version, or name another file.`,
        { detail: text },
      ),
  ],
  [
    /Permission denied|EACCES|read-only/i,
    (file, text) =>
      new ConnectorError(
        'config',
        `${file} cannot be written: permission denied. Give this user write access to the file and its folder.`,
        { detail: text },
      ),
  ],
  [
    /Corrupt|checksum|Could not read enough bytes|Serialization Error|Failed to deserialize|WAL replay|replaying WAL/i,
    (file, text) =>
      new ConnectorError(
        'system',
        `${file} is damaged: DuckDB cannot read it. Restore it from a copy, or name another file and sync anew. It was not changed.`,
        { detail: text },
      ),
  ],
  [
    /Out of Memory/i,
    (file, text) =>
      new ConnectorError(
        'system',
        `DuckDB ran out of memory while writing ${file}. Give it more (destination option memory_limit).`,
        { detail: text },
      ),
  ],
  [
    /Is a directory|Cannot open file/i,
    (file, text) =>
      new ConnectorError('config', `${file} cannot be opened as a DuckDB file. Name a file in a folder that exists.`, {
        detail: text,
      }),
  ],
];

/** A DuckDB error as a sentence that says what to do. */
export function duckError(error: unknown, file: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const [shape, make] of SHAPES) if (shape.test(text)) return make(file, text);
  return new ConnectorError('system', `Writing to ${file} failed: ${text.split('\n')[0]}`, {
    detail: text,
    cause: error,
  });
}
