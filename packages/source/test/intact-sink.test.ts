import type { JsonObject } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { read, type Sink, type Stream } from '../src/index.js';
import { intactSink } from '../src/intact-sink.js';
import { memoryData, memoryStream } from './memory-stream.js';

/** Takes pages until the `refused`-th of a stream, which it refuses at once or later. */
function sinkThat(refused: number, how: 'throws' | 'rejects') {
  const states = new Map<string, JsonObject[]>();
  const pages = new Map<string, number>();
  const keep = (name: string, state: JsonObject) => states.set(name, [...(states.get(name) ?? []), state]);
  const sink: Sink = {
    page({ name }, _unit, _records, state) {
      const page = (pages.get(name) ?? 0) + 1;
      pages.set(name, page);
      if (name === 'torn' && page === refused) {
        if (how === 'throws') throw new Error('it does not fit');
        return Promise.reject(new Error('it does not fit'));
      }
      if (state) keep(name, state());
    },
    finalState: ({ name }, state) => void keep(name, state),
    restart: () => undefined,
    status: () => undefined,
    error: () => undefined,
    log: () => undefined,
  };
  return { sink, states };
}

function readInto(sink: Sink) {
  const streams: Stream[] = ['torn', 'whole'].map((name) => memoryStream(memoryData(name, [''], 4, 2, 0)));
  const connection = {
    streams,
    concurrency: 2,
    check: async () => ({ succeeded: true as const }),
    close: async () => {},
  };
  const catalog = {
    streams: streams.map(({ name }) => ({
      stream: { name, json_schema: {}, supported_sync_modes: ['full_refresh' as const] },
      sync_mode: 'full_refresh' as const,
      destination_sync_mode: 'append' as const,
    })),
  };
  return read({ connection, catalog, states: new Map(), sink });
}

it.each(['throws', 'rejects'] as const)('sends no state of a page that the sink refuses (%s)', async (how) => {
  const { sink, states } = sinkThat(3, how);
  const { outcomes, errors } = await readInto(sink);
  expect(outcomes).toEqual(
    new Map([
      ['torn', 'failed'],
      ['whole', 'complete'],
    ]),
  );
  expect(errors).toMatchObject([{ stream: 'torn', message: 'it does not fit' }]);
  expect(states.get('torn')).toMatchObject([{ next_page_token: 1 }, { next_page_token: 2 }]);
  expect(states.get('whole')?.at(-1)).toEqual({ __ab_full_refresh_sync_complete: true });
});

it('sends no state of several streams after one of their pages was refused', async () => {
  const taken: unknown[] = [];
  let fits = true;
  const { sink } = sinkThat(0, 'throws');
  const intact = intactSink({
    ...sink,
    pagesTogether(pages, state) {
      if (!fits) throw new Error('it does not fit');
      taken.push(pages.length, state?.().shared);
    },
    finalTogether: (state) => void taken.push('final', state.shared),
  });
  const page = { stream: { name: 'a' }, unit: { id: '', partition: {}, slice: {} }, records: [] };
  const at = (position: number) => () => ({ shared: { position }, streams: [] });
  await intact.pagesTogether!([page], at(1));
  fits = false;
  expect(() => intact.pagesTogether!([page], at(2))).toThrow('it does not fit');
  fits = true;
  expect(() => intact.pagesTogether!([page], at(3))).toThrow('it does not fit');
  await intact.finalTogether!(at(3)(), new Map());
  expect(taken).toEqual([1, { position: 1 }]);
});
