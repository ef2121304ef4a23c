import { existsSync, readFileSync } from 'node:fs';
import { loadManifest } from '@tidemark/declarative';
import { describe, expect, it } from 'vitest';
import { root } from '../root.js';
import { allPaths } from '../tidy/source-files.js';

const manifests = allPaths.filter((path) => path.startsWith('examples/') && path.endsWith('/manifest.yaml'));
const index = readFileSync(`${root}examples/README.md`, 'utf8');

/** Running them is the business of test/resume and test/unleash; here they are looked at. */
describe.each(manifests)('%s', (path) => {
  it('has nothing that the validator would say a word about', async () => {
    const { diagnostics } = await loadManifest(readFileSync(root + path, 'utf8'), path);
    expect(diagnostics).toEqual([]);
  });

  it('has a configuration beside it and a line in the list of examples', () => {
    const folder = path.replace(/\/manifest\.yaml$/, '');
    expect(existsSync(`${root}${folder}/config.json`)).toBe(true);
    expect(index).toContain(`(${folder.replace('examples/', '')}/manifest.yaml)`);
  });
});

describe('README.md', () => {
  it('shows a manifest that is valid', async () => {
    const text = /```yaml\n([\s\S]*?)```/.exec(readFileSync(`${root}README.md`, 'utf8'))?.[1] ?? '';
    expect((await loadManifest(text, 'README.md')).diagnostics).toEqual([]);
  });
});
