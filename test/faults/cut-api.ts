import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API of pages with ten rows each, that can go away, cut an answer short, nest it without end, or never answer. */
export class CutApi {
  readonly asked: number[] = [];
  /** What happens to a request for a page; `answer` when nothing is said. */
  fate: (page: number) => 'answer' | 'cut' | 'deep' | 'hang' | undefined = () => undefined;
  private server: Server | undefined;
  private port = 0;

  constructor(readonly pages: number) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens, on the same port as before where there was one. */
  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const page = Number(new URL(request.url!, this.url).searchParams.get('page') ?? 1);
      this.asked.push(page);
      this.answer(page, response);
    });
    await new Promise<void>((listening) => this.server!.listen(this.port, '127.0.0.1', listening));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise((closed) => (server ? server.close(closed) : closed(undefined)));
  }

  private answer(page: number, response: ServerResponse): void {
    const fate = this.fate(page);
    if (fate === 'hang') return;
    const first = (page - 1) * 10;
    const rows = page > this.pages ? [] : Array.from({ length: 10 }, (_, index) => ({ id: first + index + 1 }));
    const nested = fate === 'deep' ? `,"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}` : '';
    const body = JSON.stringify({ data: rows }).replace('}', `${nested}}`);
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', body.length);
    if (fate !== 'cut') return void response.end(body);
    // Half of the body, then the line is dead.
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  }
}

/** A manifest that reads it and does not try again by itself. */
export const manifest = `version: 7.0.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [rows] }
streams:
  - type: DeclarativeStream
    name: rows
    retriever:
      type: SimpleRetriever
      requester:
        type: HttpRequester
        url: "{{ config['base_url'] }}/rows"
        error_handler: { type: DefaultErrorHandler, max_retries: 0 }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [data] } }
      paginator:
        type: DefaultPaginator
        page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: page }
        pagination_strategy: { type: PageIncrement, start_from_page: 1, page_size: 10 }
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer } } } }
spec: { type: Spec, connection_specification: { type: object, properties: { base_url: { type: string } } } }
`;
