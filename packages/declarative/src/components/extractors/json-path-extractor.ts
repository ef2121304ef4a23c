import { createRequire } from 'node:module';
import { component, field } from '../../component/index.js';
import { extraction } from './records.js';
import { type Extractor, extractorSlot } from './slot.js';

type JSONPath = typeof import('jsonpath-plus').JSONPath;

/** Loaded with the first response: most manifests have no such path. */
function loadJsonPath(): JSONPath {
  return (createRequire(import.meta.url)('jsonpath-plus') as { JSONPath: JSONPath }).JSONPath;
}

export const jsonPathExtractor = component('JsonPathExtractor', {
  slot: extractorSlot,
  doc: 'Takes the records by a JSONPath: `$.data[*]`, `$..items[*]`, `$.rows[0:10]`. A word of Tidemark’s own. Scripts and filters in the path (`?(…)`) are refused; a RecordFilter does that.',
  fields: {
    path: field.template().doc('The path. A list that it leads to gives its items.').example('$.data.items[*]'),
  },
  examples: [{ type: 'JsonPathExtractor', path: '$.data[*].records[*]' }],
  build: ({ fields }): Extractor => {
    let find: JSONPath | undefined;
    return {
      extract: (bodies) => {
        find ??= loadJsonPath();
        const path = fields.path.text();
        const found: unknown[] = bodies.flatMap(
          (body) => find!({ path, json: body as object, eval: false, wrap: true }) as unknown[],
        );
        return extraction(found.some(Array.isArray) ? found.flat(1) : found);
      },
    };
  },
});
