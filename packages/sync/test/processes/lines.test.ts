import { expect, it } from 'vitest';
import { random } from '../../../../scripts/torture/random.mjs';
import { linesOf } from '../../src/processes/lines.ts';
import { parseMessage } from '../../src/processes/message.ts';

it('cuts lines wherever the pieces end', async () => {
  const next = random(3);
  const wanted = ['{"a":"é✓😀"}', 'x'.repeat(5_000), '{}', 'ü', 'last'];
  const bytes = Buffer.from(`\n${wanted.join('\r\n\n')}`);
  for (let round = 0; round < 200; round++) {
    const found: string[] = [];
    for await (const lines of linesOf(cut(bytes, next))) {
      for (const line of lines) {
        found.push(line.text.trimEnd());
        expect(line.isText).toBe(true);
      }
    }
    expect(found).toEqual(wanted);
  }
});

it('puts long lines together, and knows bytes that are no text', async () => {
  const next = random(5);
  const long = `{"a":"${'日é😀x'.repeat(200_000)}"}`;
  const bytes = Buffer.concat([
    Buffer.from(`${long}\n`),
    Buffer.from('y'.repeat(600_000)),
    Buffer.from([0xff]),
    Buffer.from('z\n{}\n'),
  ]);
  const found: [string, boolean, number][] = [];
  for await (const lines of linesOf(cut(bytes, () => 0.5 + next() / 2))) {
    for (const { text, isText, bytes: size } of lines) found.push([text, isText, size]);
  }
  expect(found.map(([, isText]) => isText)).toEqual([true, false, true]);
  expect(found[0]![0] === long).toBe(true);
  expect(found[0]![2]).toBe(Buffer.byteLength(long));
  expect(found[2]![0]).toBe('{}');
});

async function* cut(bytes: Buffer, next: () => number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const to = at + 1 + Math.floor(next() * (next() < 0.5 ? 4 : 3_000));
    yield bytes.subarray(at, to);
    at = to;
  }
}

it.each([
  ['{"type":"RECORD","record":{"stream":"a","data":{}}}', 'RECORD'],
  ['{"type":"DESTINATION_CATALOG","operations":[]}', undefined],
  ['{"type":"RECORD","record":{"stream":"a"}}', 'unparsable'],
  ['{"type":"RECORD"}', 'unparsable'],
  ['{"type":"record","record":{}}', 'unparsable'],
  ['{"type":"STATE","state":null}', 'unparsable'],
  ['{"type":"TRACE","trace":{"type":"ERROR"}}', 'unparsable'],
  ['{"level":"INFO"}', 'unparsable'],
  ['42', 'unparsable'],
  ['null', 'unparsable'],
])('%s is %s', (text, type) => {
  expect(parseMessage({ text, bytes: text.length, isText: true })?.type).toBe(type);
});

it.each([
  ['INFO starting', true],
  ['{"type":"RECORD","record":{"str', false],
  ['am":"a","data":{"type":1}}}', false],
  ['[{"x":', false],
  ['INFO {"type":"RECORD"}', false],
])('%s is plain text: %s', (text, isPlainText) => {
  expect(parseMessage({ text, bytes: text.length, isText: true })).toMatchObject({ type: 'unparsable', isPlainText });
});
