import type { Json } from '@tidemark/protocol';

/** An answer of the API. The body is buffered (bounded) unless the request asked for a stream. */
export interface ApiResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ', '. */
  readonly headers: Readonly<Record<string, string>>;
  /** The URL that answered, after redirects. */
  readonly url: string;
  readonly request: { readonly method: string; readonly url: string };
  /** The whole body. Throws when the response is a stream. */
  bytes(): Uint8Array;
  /** The body as text, by the charset of the content type (UTF-8 otherwise). */
  text(): string;
  /** The body as JSON, exact numbers kept; parsed once. Throws SyntaxError. */
  json(): Json;
  /** The body in pieces, decompressed; for streamed responses the only way, once. */
  stream(): AsyncIterable<Uint8Array>;
}
