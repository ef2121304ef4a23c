import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { api, connect, manifestOf, readAll, streamOf } from '../run-source.js';

const names = async (manifest: JsonObject, config: JsonObject): Promise<string[]> =>
  (await connect(manifest, { config })).streams.map(({ name }) => name);

describe('ConditionalStreams', () => {
  it('are there where the condition holds, in their place', async () => {
    const conditional = (condition: string, ...streams: JsonObject[]): JsonObject => ({
      type: 'ConditionalStreams',
      condition,
      streams,
    });
    const manifest = manifestOf({
      streams: [streamOf('a'), conditional("{{ config['kind'] == 'x' }}", streamOf('b'), streamOf('c')), streamOf('d')],
    });
    expect(await names(manifest, { kind: 'x' })).toEqual(['a', 'b', 'c', 'd']);
    expect(await names(manifest, { kind: 'y' })).toEqual(['a', 'd']);
    expect(await names(manifest, {})).toEqual(['a', 'd']);
  });

  it('reads the parameters of its own', async () => {
    const manifest = manifestOf({
      streams: [
        {
          type: 'ConditionalStreams',
          condition: '{{ parameters.on }}',
          streams: [streamOf('b')],
          $parameters: { on: true },
        },
      ],
    });
    expect(await names(manifest, {})).toEqual(['b']);
  });
});

describe('StreamGroup', () => {
  /** How many of these streams were read at the same time at most. */
  async function most(manifest: JsonObject, only: string[]): Promise<number> {
    const now = new Set<string>();
    let seen = 0;
    const transport = api(async (path) => {
      const name = path.slice(1);
      if (!only.includes(name)) return { items: [] };
      now.add(name);
      seen = Math.max(seen, now.size);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now.delete(name);
      return { items: [{ id: 1 }] };
    });
    await readAll(await connect(manifest, { api: transport }));
    return seen;
  }

  it('keeps its streams from each other, and no others', async () => {
    const streams = ['a', 'b', 'c', 'd'].map((name) => streamOf(name));
    const groups = {
      stream_groups: { exports: { streams: streams.slice(0, 2), action: { type: 'BlockSimultaneousSyncsAction' } } },
    };
    expect(await most(manifestOf({ streams, ...groups }), ['a', 'b'])).toBe(1);
    expect(await most(manifestOf({ streams, ...groups }), ['c', 'd'])).toBe(2);
    expect(await most(manifestOf({ streams }), ['a', 'b'])).toBe(2);
  });

  it('lets a stream and its parent be in one group', async () => {
    const parent = streamOf('a');
    const child = streamOf('b', '/b/{{ stream_partition.id }}', {
      retriever: {
        partition_router: {
          type: 'SubstreamPartitionRouter',
          parent_stream_configs: [
            { type: 'ParentStreamConfig', stream: parent, parent_key: 'id', partition_field: 'id' },
          ],
        },
      },
    });
    const manifest = manifestOf({
      streams: [parent, child],
      stream_groups: { g: { streams: [parent, child], action: { type: 'BlockSimultaneousSyncsAction' } } },
    });
    const transport = api((path) => ({
      items: path === '/a' ? [{ id: 1 }, { id: 2 }] : [{ id: Number(path.slice(3)) * 10 }],
    }));
    const { records } = await readAll(await connect(manifest, { api: transport }));
    expect(records.b!.map(({ id }) => id).sort()).toEqual([10, 20]);
  });
});
