import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { counts, givenManifests, goldenManifests, type Usage, usageOf, wholeLanguage } from './coverage.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const shared = here('../../../../../shared/conformance');
/** What the given cases use, written by `vitest run PATH -u` where they are: they lie outside the project. */
const givenFile = here('given-usage.json');

const OWN_CODE =
  'code of the author: its contract is ours, so that the reference has nothing to say; test/custom and the rooms';
/** Words that no case uses, each with the reason. The list only shrinks: what is covered must leave it. */
const WITHOUT_A_CASE: Record<string, string> = {
  CustomAuthenticator: OWN_CODE,
  CustomBackoffStrategy: OWN_CODE,
  CustomConfigTransformation: OWN_CODE,
  CustomDecoder: OWN_CODE,
  CustomErrorHandler: OWN_CODE,
  CustomPaginationStrategy: OWN_CODE,
  CustomPartitionRouter: OWN_CODE,
  CustomRecordExtractor: OWN_CODE,
  CustomRecordFilter: OWN_CODE,
  CustomRequester: OWN_CODE,
  CustomRetriever: OWN_CODE,
  CustomSchemaLoader: OWN_CODE,
  CustomSchemaNormalization: OWN_CODE,
  CustomStateMigration: OWN_CODE,
  CustomTransformation: OWN_CODE,
  CustomValidationStrategy: OWN_CODE,
  JsonPathExtractor: 'a word of ours: the reference does not know it; test/extractors',
};
const WITHOUT_A_CASE_MAX = 17;

const together = (manifests: Iterable<Parameters<typeof usageOf>[0]>): Usage =>
  new Set([...manifests].flatMap((manifest) => [...usageOf(manifest)]));

describe('every word and option of the language has a case', () => {
  const all = [...wholeLanguage()];
  const given = new Set(JSON.parse(readFileSync(givenFile, 'utf8')) as string[]);
  const ours = together(goldenManifests(here('cases')));
  const uncovered = all.filter((name) => !given.has(name) && !ours.has(name));

  it.skipIf(!existsSync(shared))('the given cases use what is written down of them', async () => {
    const used = [...together(givenManifests(shared))].sort();
    await expect(`${JSON.stringify(used, null, 2)}\n`).toMatchFileSnapshot(givenFile);
  });

  it(`${said(all)}; given cases ${said(all.filter((name) => given.has(name)))}; no case ${said(uncovered)}`, () => {
    const listed = (name: string): boolean => Object.hasOwn(WITHOUT_A_CASE, name.split('.')[0]!);
    expect(uncovered.filter((name) => !listed(name))).toEqual([]);
  });

  it('what is listed as without a case is so, and the list does not grow', () => {
    expect(Object.keys(WITHOUT_A_CASE).filter((word) => !uncovered.includes(word))).toEqual([]);
    expect(Object.keys(WITHOUT_A_CASE).length).toBeLessThanOrEqual(WITHOUT_A_CASE_MAX);
  });
});

function said(usage: string[]): string {
  const { words, options, values } = counts(usage);
  return `${words} words, ${options} options, ${values} values`;
}
