import { createRequire } from 'node:module';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { extraction } from './records.js';
import { type Extractor, extractorSlot } from './slot.js';

type JSONPath = typeof import('jsonpath-plus').JSONPath;

/** Loaded with the first response: most manifests have no such path. */
function loadJsonPath(): JSONPath {
  return (createRequire(import.meta.url)('jsonpath-plus') as { JSONPath: JSONPath }).JSONPath;
}

const DESCENTS_MAX = 2;
const UNIONS_MAX = 10;

/**
 * The path, unless what it finds can multiply: each `..`, each `^` and each list of keys takes what was found before once more,
 * so that a short path finds more in a small document than memory holds. Throws ConnectorError (config).
 */
function bounded(path: string): string {
  const bare = path.replace(/'[^']*'|"[^"]*"|`./g, 'x');
  const count = (pattern: RegExp): number => bare.match(pattern)?.length ?? 0;
  const reason =
    count(/\.\./g) > DESCENTS_MAX
      ? `has more than ${DESCENTS_MAX} times '..'`
      : count(/,/g) > UNIONS_MAX
        ? `lists more than ${UNIONS_MAX} keys beside others`
        : bare.includes('^')
          ? "goes up with '^'"
          : undefined;
  if (reason)
    throw new ConnectorError('config', `The JSONPath ${JSON.stringify(path)} ${reason}, which is not allowed.`);
  return path;
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
        const path = bounded(fields.path.text());
        const found: unknown[] = bodies.flatMap(
          (body) => find!({ path, json: body as object, eval: false, wrap: true }) as unknown[],
        );
        return extraction(found.some(Array.isArray) ? found.flat(1) : found);
      },
    };
  },
});
