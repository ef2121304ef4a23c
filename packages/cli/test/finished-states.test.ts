import type { ConfiguredStream } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { withoutFinished } from '../src/input/finished-states.ts';

const complete = { __ab_full_refresh_sync_complete: true };
const kept = (state: object, more: Partial<ConfiguredStream>, modes: string[] = ['full_refresh']) => {
  const stream = { name: 'a', json_schema: {}, supported_sync_modes: modes } as ConfiguredStream['stream'];
  const configured = {
    stream,
    sync_mode: 'full_refresh',
    destination_sync_mode: 'append',
    ...more,
  } as ConfiguredStream;
  return withoutFinished(new Map([['a', state as never]]), { streams: [configured] }).has('a');
};

describe('a state that says that everything was read', () => {
  it('is not gone on from by clients that count no generations', () => {
    expect(kept(complete, {})).toBe(false);
    expect(kept(complete, { generation_id: null })).toBe(false);
  });

  it('is believed by runners that do', () => {
    expect(kept(complete, { generation_id: 4 })).toBe(true);
  });

  it('is not gone on from where what is new is asked of a stream that cannot say it', () => {
    expect(kept(complete, { sync_mode: 'incremental', generation_id: 1 })).toBe(false);
    expect(kept(complete, { sync_mode: 'incremental', generation_id: 1 }, ['full_refresh', 'incremental'])).toBe(true);
  });

  it('is another thing than a position', () => {
    expect(kept({ next_page_token: 3 }, {})).toBe(true);
    expect(kept({ next_page_token: 3 }, { sync_mode: 'incremental' })).toBe(true);
  });
});
