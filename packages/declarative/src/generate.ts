/** The products that are generated from the component files; `pnpm generate` writes them, CI compares them. */
import { manifestSchema } from './component/json-schema.js';
import { referenceIndex, referencePage } from './component/reference-page.js';
import { language } from './language.js';

/** Every product: its path in the repository and its text. */
export async function generated(): Promise<Record<string, string>> {
  const products: Record<string, string> = {
    'schemas/manifest.schema.json': `${JSON.stringify(manifestSchema(language), null, 1)}\n`,
    'docs/reference/components/README.md': referenceIndex(language),
  };
  for (const word of language.words)
    products[`docs/reference/components/${word.type}.md`] = referencePage(word, language);
  return products;
}
