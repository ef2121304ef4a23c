import type { JsonObject } from '@tidemark/protocol';

type Headers = Readonly<Record<string, string>>;

/**
 * Makes the `headers` that a template reads: every name in lower case and in the spelling that the template itself uses, and
 * under `link` the links of the Link header by their relation (`Link` is the header as it came). `sources` are the templates; they are looked through once.
 */
export function headerScope(sources: readonly string[]): (headers: Headers) => JsonObject {
  const spellings = new Set(sources.flatMap((source) => source.match(/[\w-]*[A-Z][\w-]*/g) ?? []));
  return (headers) => {
    const scope: JsonObject = { ...headers };
    for (const spelling of spellings) {
      const value = headers[spelling.toLowerCase()];
      if (value !== undefined) scope[spelling] = value;
    }
    scope.link = parseLinks(headers.link ?? '');
    return scope;
  };
}

/** The links of a Link header (RFC 8288) by `rel`, or by their URL where they have none: `{ next: { url, rel, … } }`. */
export function parseLinks(header: string): JsonObject {
  const links: JsonObject = {};
  for (const match of header.matchAll(/<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^;,]*))?)*)/g)) {
    const link: JsonObject = { url: match[1] ?? '' };
    for (const parameter of (match[2] ?? '').matchAll(/;\s*([^\s=;,]+)\s*=\s*(?:"([^"]*)"|([^;,]*))/g)) {
      link[parameter[1]!] = parameter[2] ?? (parameter[3] ?? '').trim().replace(/^'|'$/g, '');
    }
    links[String(link.rel ?? link.url)] = link;
  }
  return links;
}
