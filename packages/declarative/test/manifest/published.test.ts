import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check } from '@tidemark/interpolation';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../src/component/json-schema.js';
import { language, vocabulary } from '../../src/language.js';
import {
  compileSchema,
  formatDiagnostic,
  readManifest,
  resolveManifest,
  type Vocabulary,
  validateManifest,
} from '../../src/manifest/index.js';

// The published manifests are test material that is not part of this repository.
const folder = fileURLToPath(new URL('../../../../../shared/conformance/manifests/', import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : [];
const text = (file: string): string => readFileSync(folder + file, 'utf8');

interface Recorded {
  defaultTypes: Record<string, string>;
  customTypes: Record<string, string>;
  /** The start of the SHA-256 of each manifest as airbyte-cdk 7.39.1 resolves it, as JSON. */
  sha256: Record<string, string>;
}
const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/resolved-by-reference.json', import.meta.url), 'utf8'),
) as Recorded;

describe.skipIf(files.length === 0)('published manifests (skipped where ../shared/conformance is not there)', () => {
  it('are read and resolved to what the reference resolves them to, key by key', () => {
    // Without words nothing is known of any component, so every parameter goes everywhere, as it does there.
    const open: Vocabulary = {
      words: new Map(),
      defaultTypes: new Map(Object.entries(recorded.defaultTypes)),
      customTypes: new Map(Object.entries(recorded.customTypes)),
    };
    const different = files.filter((file) => {
      const { tree } = resolveManifest(readManifest(text(file)), open);
      return createHash('sha256').update(JSON.stringify(tree)).digest('hex').slice(0, 16) !== recorded.sha256[file];
    });
    expect(different).toEqual([]);
  });

  it('have no error, and are validated in less than 10 s of CPU all together', async () => {
    const before = process.cpuUsage();
    const validator = await compileSchema(manifestSchema(language));
    const errors: string[] = [];
    for (const file of files) {
      const resolved = resolveManifest(readManifest(text(file), { file }), vocabulary);
      const found = validateManifest(resolved, vocabulary, { validator, templates: check });
      errors.push(...found.filter(({ severity }) => severity === 'error').map(formatDiagnostic));
    }
    expect(errors).toEqual([]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(10);
  });

  it.each([
    [
      'source-finnworlds.yaml',
      "'stream_slice' of this stream has no field 'ticker' (has: ticket). Did you mean 'ticket'?",
    ],
    ['source-bitly.yaml', "the cursor field 'modified' is not in the stream's schema"],
    ['source-recurly.yaml', "the configuration has no field 'subdomain' by the spec"],
    ['source-shippo.yaml', "'shippo_token' looks like a secret and is not marked airbyte_secret: true"],
    ['source-thinkific.yaml', 'the next page is never asked for'],
    ['source-cal-com.yaml', "the key 'absentHost' stands twice here"],
  ])('have real defects, which are warnings: %s', async (file, sentence) => {
    const resolved = resolveManifest(readManifest(text(file)), vocabulary);
    const found = validateManifest(resolved, vocabulary, { validator: () => [], templates: check });
    expect(found.map(formatDiagnostic).join('\n')).toContain(sentence);
  });
});
