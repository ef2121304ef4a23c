import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import type { ApiRequest } from '../../http/client.js';
import { compilePattern } from '../../http/pattern.js';
import { type RequestMatcher, requestMatcherSlot } from './slot.js';

/** Which requests a limit is for. */
export const httpRequestRegexMatcher = component('HttpRequestRegexMatcher', {
  slot: requestMatcherSlot,
  doc: 'Matches requests by method, base URL, path, parameters and headers; all that are given must match.',
  open: true,
  fields: {
    method: field.string().optional().doc('The method.').example('GET'),
    url_base: field.string().optional().doc('Scheme and host of the URL.').example('https://api.example.com'),
    url_path_pattern: field
      .string()
      .optional()
      .doc('A regular expression that the path must match somewhere.')
      .example('/v2/reports/.*'),
    params: field.object().optional().doc('Query parameters that the request must have.'),
    headers: field.object().optional().doc('Headers that the request must have.'),
    weight: field
      .template({ allow: ['integer'] })
      .optional()
      .doc('How many calls such a request counts as.')
      .example(1, 5),
  },
  examples: [{ type: 'HttpRequestRegexMatcher', method: 'GET', url_path_pattern: '^/v2/reports' }],
  build({ fields }): RequestMatcher {
    const method = fields.method?.toUpperCase();
    const base = fields.url_base?.replace(/\/+$/, '');
    const pattern = fields.url_path_pattern ? compilePattern(fields.url_path_pattern, 'url_path_pattern') : undefined;
    const params = Object.entries(fields.params ?? {}).map(([name, value]) => [name, String(value)] as const);
    const headers = Object.entries(fields.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), String(value)] as const,
    );
    return {
      weight: weightOf(fields.weight?.evaluate()),
      matches(request: ApiRequest) {
        if (method !== undefined && request.method !== method) return false;
        const [, root = '', path = '', query = ''] =
          /^([^?#]*?:\/\/[^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(request.url) ?? [];
        if (base !== undefined && root !== base) return false;
        if (pattern && pattern.find(path.replace(/\/+$/, '')) === undefined) return false;
        const given = new URLSearchParams(query);
        if (!params.every(([name, value]) => given.getAll(name).at(-1) === value)) return false;
        const sent = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
        return headers.every(([name, value]) => sent.get(name) === value);
      },
    };
  },
});

function weightOf(value: unknown): number {
  if (value === undefined) return 1;
  const weight = Number(value);
  if (Number.isInteger(weight) && weight >= 1) return weight;
  throw new ConnectorError('config', 'The weight of a request matcher must be a whole number of at least 1.');
}
