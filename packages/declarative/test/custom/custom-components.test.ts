import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@tidemark/protocol';
import { discover } from '@tidemark/source';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCustomComponents } from '../../src/custom/load-custom-components.js';
import { api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

const CODE = `
import type {
  Authenticator, CustomArguments, Decoder, Extractor, PaginationStrategy, PartitionRouter, Retriever, SchemaLoader, Transformation,
} from '@tidemark/declarative/component';
import { ConnectorError, requesterSlot, sliceScope, type Requester } from '@tidemark/declarative/component';

export class Stamp implements Transformation {
  constructor(private readonly args: CustomArguments) {}
  transform(record: Record<string, any>): void {
    record.stamp = this.args.parameters.stamp + ' ' + this.args.fields.suffix;
  }
}
export const Rows = (): Extractor => ({
  extract: (bodies) => ({ records: bodies.flatMap((body: any) => body.rows), count: bodies.length }),
});
export class Schema implements SchemaLoader {
  load() { return { type: 'object', properties: { own: { type: 'string' } } }; }
}
export class Key implements Authenticator {
  constructor(private readonly args: CustomArguments) {}
  parts() { return { headers: { 'X-Key': String(this.args.context.config.key) } }; }
}
export class Halves implements PartitionRouter {
  readonly partitionFields = ['half'];
  readonly hasRequestOption = false;
  async *partitions() { yield { partition: { half: 1 } }; yield { partition: { half: 2 } }; }
  parentState() { return undefined; }
  parts() { return {}; }
}
export class Twice implements Retriever {
  private readonly requester: Requester;
  constructor({ fields, context }: CustomArguments) {
    this.requester = context.builder.build(fields.requester as any, requesterSlot, context);
  }
  async *pages(retrieval: any) {
    const { partition, signal } = retrieval;
    for (let n = 1; n <= 2; n++) {
      const response = await this.requester.send({ scope: sliceScope(retrieval), parts: {}, signal });
      if (!response) throw new ConnectorError('system', 'no answer');
      yield { records: [{ ...(response.json() as object), n, ...partition }], ...(n < 2 ? { next: n } : {}) };
    }
  }
}
export class NextPage implements PaginationStrategy {
  readonly initialToken = undefined;
  readonly pageSize = 1;
  next({ lastToken, response }: any) { return response.rows.length ? Number(lastToken ?? 1) + 1 : undefined; }
}
`;

let folder: string;
let customComponent: (name: string) => unknown;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-components-'));
  writeFileSync(join(folder, 'components.ts'), CODE);
  customComponent = await loadCustomComponents(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const own = (type: string, name: string, more: JsonObject = {}): JsonObject => ({
  type,
  class_name: `source_shop.components.${name}`,
  ...more,
});

describe('components.ts beside a manifest', () => {
  it('takes part in every room of a stream', async () => {
    const stream = streamOf('a', '/a/{{ stream_partition.half }}', {
      requester: { authenticator: own('CustomAuthenticator', 'Key') },
      retriever: {
        record_selector: { type: 'RecordSelector', extractor: own('CustomRecordExtractor', 'Rows') },
        partition_router: own('CustomPartitionRouter', 'Halves'),
        paginator: {
          type: 'DefaultPaginator',
          pagination_strategy: own('CustomPaginationStrategy', 'NextPage'),
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'p' },
        },
      },
      stream: {
        schema_loader: own('CustomSchemaLoader', 'Schema'),
        transformations: [own('CustomTransformation', 'Stamp', { suffix: '!' })],
        $parameters: { stamp: 'S' },
      },
    });
    const transport = api((path) => ({ rows: path.includes('p=') ? [] : [{ id: path }] }));
    const connection = await connect(manifestOf({ streams: [stream] }), {
      api: transport,
      config: { key: 'k' },
      customComponent,
    });
    expect((await discover(connection)).streams[0]!.json_schema).toEqual({
      type: 'object',
      properties: { own: { type: 'string' } },
    });
    const { records, errors } = await readAll(connection);
    expect(errors).toEqual([]);
    expect(records.a).toEqual(
      expect.arrayContaining([
        { id: '/a/1', stamp: 'S !' },
        { id: '/a/2', stamp: 'S !' },
      ]),
    );
    expect([...transport.asked].sort()).toEqual(['GET /a/1', 'GET /a/1?p=2', 'GET /a/2', 'GET /a/2?p=2']);
    expect(transport.requests[0]!.headers['X-Key']).toBe('k');
  });

  it('can be a retriever that makes its own parts', async () => {
    const retriever = own('CustomRetriever', 'Twice', {
      requester: { type: 'HttpRequester', url: 'http://api.test/{{ stream_partition.g }}' },
      partition_router: { type: 'ListPartitionRouter', values: ['x', 'y'], cursor_field: 'g' },
    });
    const stream = {
      type: 'DeclarativeStream',
      name: 'a',
      retriever,
      schema_loader: { type: 'InlineSchemaLoader', schema: {} },
    };
    const connection = await connect(manifestOf({ streams: [stream] }), {
      api: api((path) => ({ path })),
      customComponent,
    });
    const { records, errors, states } = await readAll(connection);
    expect(errors).toEqual([]);
    expect(records.a).toHaveLength(4);
    expect(records.a).toContainEqual({ path: '/y', n: 2, g: 'y' });
    expect(states.a).toEqual({ __ab_full_refresh_sync_complete: true });
  });

  it('is an error where custom code is not allowed', async () => {
    const stream = streamOf('a', '/a', { stream: { transformations: [own('CustomTransformation', 'Stamp')] } });
    await expect(connect(manifestOf({ streams: [stream] }))).rejects.toThrow(
      "The CustomTransformation 'source_shop.components.Stamp' is code of its own, which is not there or not allowed here.",
    );
  });
});
