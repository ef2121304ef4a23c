/** The products that are generated from the component files; `pnpm generate` writes them, CI compares them. */
import { filters, macros, tests } from '@tidemark/interpolation';
import { manifestSchema } from './component/json-schema.js';
import { language } from './language.js';
import { authorSchema } from './reference/author-schema.js';
import { componentIndex, componentPage } from './reference/component-page.js';
import { ERROR_CODES } from './reference/error-codes.js';
import { errorIndex, errorPage } from './reference/error-page.js';
import { pageName, templateIndex, templatePage, WORD_KINDS } from './reference/template-page.js';
import { typescriptTypes } from './reference/typescript-types.js';

/** The schema of resolved manifests. */
export const languageSchema = () => manifestSchema(language);

/** Every product: its path in the repository and its text. */
export async function generated(): Promise<Record<string, string>> {
  const schema = manifestSchema(language);
  const products: Record<string, string> = {
    'schemas/manifest.schema.json': `${JSON.stringify(authorSchema(schema, language), null, 1)}\n`,
    'packages/declarative/src/manifest.gen.ts': typescriptTypes(schema),
    'docs/reference/components/README.md': componentIndex(language),
    'docs/reference/errors/README.md': errorIndex(ERROR_CODES),
  };
  for (const word of language.words)
    products[`docs/reference/components/${word.type}.md`] = componentPage(word, language);
  const words = { filters, tests, macros };
  for (const kind of WORD_KINDS) {
    products[`docs/reference/${kind.folder}/README.md`] = templateIndex(kind, words[kind.folder]);
    for (const word of words[kind.folder])
      products[`docs/reference/${kind.folder}/${pageName(word)}`] = templatePage(kind, word);
  }
  for (const code of Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[])
    products[`docs/reference/errors/${code}.md`] = await errorPage(code, ERROR_CODES[code]);
  return products;
}
