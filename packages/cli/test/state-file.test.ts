import { describe, expect, it } from 'vitest';
import { parseStateFile } from '../src/input/state-file.js';

const of = (name: string, state: object | null, namespace?: string | null) => ({
  stream_descriptor: { name, namespace },
  stream_state: state,
});
const text = (value: unknown) => JSON.stringify(value);

describe('a state file', () => {
  it('is a list of states, bare or as messages, or a single one', () => {
    const bare = { type: 'STREAM', stream: of('a', { x: 1 }, null) };
    const message = { type: 'STATE', state: { type: 'STREAM', stream: of('b', null, 'n') } };
    expect(parseStateFile(text([bare, message, { stream: of('c', {}) }]))).toEqual({
      streams: [
        { stream: { name: 'a' }, state: { x: 1 } },
        { stream: { name: 'b', namespace: 'n' }, state: null },
        { stream: { name: 'c' }, state: {} },
      ],
    });
    expect(parseStateFile(text(bare)).streams).toHaveLength(1);
  });

  it('is JSON lines, of which the last state of a stream counts', () => {
    const line = (x: number) => text({ type: 'STATE', state: { type: 'STREAM', stream: of('a', { x }) } });
    expect(parseStateFile(`{"type":"RECORD","record":{}}\n${line(1)}\n\n${line(2)}\n`)).toEqual({
      streams: [{ stream: { name: 'a' }, state: { x: 2 } }],
    });
  });

  it('is of the GLOBAL kind', () => {
    const global = { type: 'GLOBAL', global: { shared_state: { lsn: 1 }, stream_states: [of('a', { x: 1 })] } };
    expect(parseStateFile(text([global]))).toEqual({
      streams: [{ stream: { name: 'a' }, state: { x: 1 } }],
      shared: { lsn: 1 },
    });
    expect(parseStateFile(text({ type: 'GLOBAL', global: { shared_state: null } }))).toEqual({
      streams: [],
      shared: null,
    });
  });

  it.each([
    ['', 'holds no state'],
    ['[]', 'holds no state'],
    ['{"type":"RECORD"}\n{"type":"LOG"}', 'holds no state'],
    ['nonsense', 'line 1 is no JSON'],
    ['{"type":"LOG"}\n{"cut', 'line 2 is no JSON'],
    ['{"type":"RECORD"}', "'type' must be 'STREAM' or 'GLOBAL', but is 'RECORD'"],
    ['{"users":{"cursor":1}}', "'type' must be 'STREAM' or 'GLOBAL', but is missing"],
    ['[1]', "'[0]' must be an object"],
    ['[{"type":"STREAM"}]', "'[0].stream' must be an object"],
    ['[{"type":"STREAM","stream":{"stream_descriptor":{}}}]', "'[0].stream.stream_descriptor.name' must be"],
    ['{"type":"GLOBAL","global":{"stream_states":1}}', "'global.stream_states' must be a list"],
    ['{"type":"GLOBAL","global":{"shared_state":1}}', "'global.shared_state' must be an object"],
    [
      '{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":"s3cret"}}',
      'must be an object, but is text',
    ],
  ])('that is none is refused: %s', (given, message) => {
    expect(() => parseStateFile(given)).toThrow(message);
    expect(() => parseStateFile(given)).not.toThrow('s3cret');
  });
});
