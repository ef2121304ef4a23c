import { type Json, parseJson } from '@tidemark/protocol';

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

/** What is known of an answer before its body. */
export type ResponseHead = Pick<ApiResponse, 'status' | 'headers' | 'url' | 'request'>;

/** An answer whose body stands in memory. */
export class BufferedResponse implements ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly request: { readonly method: string; readonly url: string };
  private parsed: { value: Json } | undefined;

  constructor(
    head: ResponseHead,
    private readonly body: Uint8Array,
  ) {
    this.status = head.status;
    this.headers = head.headers;
    this.url = head.url;
    this.request = head.request;
  }
  bytes(): Uint8Array {
    return this.body;
  }
  text(): string {
    return decodeText(this.body, this.headers['content-type']);
  }
  json(): Json {
    this.parsed ??= { value: parseJson(this.text()) };
    return this.parsed.value;
  }
  async *stream(): AsyncIterable<Uint8Array> {
    yield this.body;
  }
}

/** An answer whose body comes in pieces and can be read once. */
export class StreamedResponse implements ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly request: { readonly method: string; readonly url: string };

  constructor(
    head: ResponseHead,
    private readonly body: AsyncIterable<Uint8Array>,
  ) {
    this.status = head.status;
    this.headers = head.headers;
    this.url = head.url;
    this.request = head.request;
  }
  bytes(): Uint8Array {
    throw new Error('The body of this response is a stream.');
  }
  text(): string {
    throw new Error('The body of this response is a stream.');
  }
  json(): Json {
    throw new Error('The body of this response is a stream.');
  }
  stream(): AsyncIterable<Uint8Array> {
    return this.body;
  }
}

/** Bytes as text by the charset that the content type names; UTF-8 where it names none or an unknown one. No byte order mark. */
export function decodeText(bytes: Uint8Array, contentType: string | undefined): string {
  const charset = charsetOf(contentType);
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return utf8(bytes);
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return utf8(bytes);
  }
}

/** The charset of a content type, in lower case. */
export function charsetOf(contentType: string | undefined): string | undefined {
  return contentType && /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
}

function utf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hasMark = buffer.length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  return buffer.toString('utf8', hasMark ? 3 : 0);
}
