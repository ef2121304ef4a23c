import type { Diagnostic } from '@tidemark/declarative';
import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { isDatabaseManifest, readDatabaseManifest } from '../input/database.js';
import { readManifestFile } from '../input/manifest.js';
import type { CommandOptions } from '../options.js';

/** Everything that is wrong with a manifest, in the order of its lines. */
async function diagnose(text: string | JsonObject, file: string): Promise<readonly Diagnostic[]> {
  if (isDatabaseManifest(text)) return (await readDatabaseManifest(text, file)).diagnostics;
  const { loadManifest, ManifestError } = await import('@tidemark/declarative');
  try {
    return (await loadManifest(text, file)).diagnostics;
  } catch (error) {
    if (error instanceof ManifestError) return error.diagnostics;
    throw error;
  }
}

/** `tidemark validate`: every diagnostic, one a line. Exit code 1 when one of them is an error. */
export async function validate(file: string, options: CommandOptions & { json?: boolean }): Promise<number> {
  let text: string | JsonObject;
  try {
    text = await readManifestFile(file, options);
  } catch (error) {
    process.stderr.write(`tidemark: ${ConnectorError.from(error).message}\n`);
    return 1;
  }
  const { diagnosticsToJson, formatDiagnostic } = await import('@tidemark/declarative');
  const diagnostics = await diagnose(text, file);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  const warnings = diagnostics.length - errors;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ file, errors, warnings, diagnostics: diagnosticsToJson(diagnostics) }, null, 2)}\n`,
    );
  } else {
    for (const diagnostic of diagnostics) process.stdout.write(`${formatDiagnostic(diagnostic)}\n`);
    process.stderr.write(
      `${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}\n`,
    );
  }
  return errors > 0 ? 1 : 0;
}
