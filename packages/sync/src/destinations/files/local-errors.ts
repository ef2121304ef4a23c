import { ConnectorError } from '@tidemark/source';

/** An error of the file system as a sentence that says what to do. */
export function localError(error: unknown, where: string): Error {
  if (error instanceof ConnectorError || !(error instanceof Error)) return error as Error;
  const { code } = error as NodeJS.ErrnoException;
  const detail = error.message;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new ConnectorError(
      'system',
      `There is no room to write in ${where}. Make room on that disk and run this again: it goes on from the last checkpoint, nothing that was committed is lost.`,
      { detail },
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new ConnectorError('config', `${where} cannot be written (${code}). Give this user write access to it.`, {
      detail,
    });
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new ConnectorError('config', `${where} is not a folder. Name one, or a path at which one can be made.`, {
      detail,
    });
  if (code === undefined) return error;
  return new ConnectorError('system', `Writing in ${where} failed (${code}).`, { detail, cause: error });
}
