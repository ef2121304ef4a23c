import { describe, expect, it } from 'vitest';
import { formatDiagnostic, readManifest } from '../../src/manifest/index.js';

const read = (text: string) => readManifest(text).tree;
const problem = (text: string) => readManifest(text).diagnostics.map(formatDiagnostic).join('\n');

describe('plain scalars mean what they mean in YAML 1.1', () => {
  // Each value as PyYAML's safe_load gives it (dates as ISO texts, as they are written into JSON).
  const table: [string, unknown][] = [
    ['yes', true],
    ['Off', false],
    ['yEs', 'yEs'],
    ['y', 'y'],
    ['~', null],
    ['Null', null],
    ['nUll', 'nUll'],
    ['', null],
    ['010', 8],
    ['08', '08'],
    ['0o10', '0o10'],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['+12', 12],
    ['-0', 0],
    ['12:30:45', 45045],
    ['-1:30', -90],
    ['12:30.5', 750.5],
    ['1:60', '1:60'],
    ['0:30', '0:30'],
    ['1e3', '1e3'],
    ['1.0e3', '1.0e3'],
    ['1.0e+3', 1000],
    ['.5', 0.5],
    ['12.', 12],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['9007199254740993', 9007199254740993n],
    ['-123456789012345678901234567890', -123456789012345678901234567890n],
    ['9007199254740991', 9007199254740991],
    ['2024-01-02', '2024-01-02'],
    ['2024-1-2', '2024-1-2'],
    ['2024-1-2 3:04:05', '2024-01-02T03:04:05'],
    ['2024-01-02T03:04:05.1234567-03:30', '2024-01-02T03:04:05.123456-03:30'],
    ['2024-01-02t03:04:05Z', '2024-01-02T03:04:05+00:00'],
    ['2024-01-02T03:04', '2024-01-02T03:04'],
    ['!!str 12', '12'],
    ['!!int "12"', 12],
    ['!!float 3', 3],
    ['!!bool "Yes"', true],
    ['! "12"', 12],
    ['"yes"', 'yes'],
    ["'it''s'", "it's"],
    ['http://x.y/z#a', 'http://x.y/z#a'],
    ['x # a comment', 'x'],
  ];
  it.each(table)('%s', (text, value) => {
    expect(read(`a: ${text}\n`).a).toEqual(value);
  });

  it.each(['=', '2024-13-01', '2023-02-29', '!!python/object:os.system x', '!mine x', '!!set {x}'])(
    'refuses %s',
    (text) => {
      expect(problem(`a: ${text}\n`)).toMatch(/^manifest\.yaml:1:4 /);
    },
  );
});

describe('collections', () => {
  it('merges << under the own keys, the first source strongest', () => {
    expect(read('x: &x {a: 1, b: 2}\ny:\n  <<: [{b: 3, c: 3}, *x]\n  c: 4\n').y).toEqual({ a: 1, b: 3, c: 4 });
    expect(read("a: {'<<': {b: 1}}\n").a).toEqual({ '<<': { b: 1 } });
  });

  it('takes the last of two equal keys, and says so', () => {
    expect(read('a: 1\nb: 2\na: 3\n')).toEqual({ a: 3, b: 2 });
    expect(problem('a: 1\nb: 2\na: 3\n')).toBe(
      "manifest.yaml:3:1 warning: the key 'a' stands twice here, and only the last one counts",
    );
  });

  it('makes texts of keys that are none', () => {
    expect(read('{1: a, 1.0: b, null: c}')).toEqual({ 1: 'a', '1.0': 'b', null: 'c' });
    expect(problem('on: 1\n')).toContain('YAML reads the key on as true; quote it');
  });

  it('keeps __proto__ and its like as plain keys', () => {
    const tree = read('__proto__: {polluted: yes}\nconstructor: 1\n');
    expect(Object.keys(tree)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(tree)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('does not look at the indentation inside brackets and quotes', () => {
    expect(read('a:\n  b: [\nx, # c\n\ty\n]\n  c: "one\ntwo"\n  d: {\n"e": 1\n}\nf: 2\n')).toEqual({
      a: { b: ['x', 'y'], c: 'one two', d: { e: 1 } },
      f: 2,
    });
    const { positions, tree } = readManifest('a: [\nb,\n c]\n');
    expect(positions.place(tree.a as object, 1)).toEqual({ file: 'manifest.yaml', line: 3, column: 2 });
  });
});

describe('what does not parse is said plainly, at its place', () => {
  it.each([
    ['', '1:1 the manifest is empty'],
    ['# only a comment\n', '1:1 the manifest is empty'],
    ['- 1\n', '1:1 a manifest must be a mapping, and this is a list'],
    ['a: 1\n---\nb: 2\n', '3:1 a manifest is one YAML document, and a second one begins here'],
    ['a: "x\nb: 1\n', '1:4 the " that is opened here is never closed'],
    ["a: 1\nb:\n- 'x\n", "3:3 the ' that is opened here is never closed"],
    ['a: [1, 2\nb: 3\n', '1:4 the [ that is opened here is never closed'],
    ['a:\n  b: 1\n c: 2\n', '3:'],
    ['a: b: c\n', '1:'],
    ['a: @x\n', '1:4 a value that begins with @ must be quoted'],
    ['a:\n\tb: 1\n', 'a tab is used for indentation'],
    ['a: *x\n', '1:4 there is no anchor &x before this alias'],
    ['a: &x [*x]\n', '1:8 the alias *x stands inside its own anchor'],
    ['? [a]\n: b\n', '1:3 a key must be a text'],
    ['a:\n  <<: 3\n', '2:7 the merge key << takes a mapping or a list of mappings'],
  ])('%j', (text, expected) => {
    expect(problem(text)).toContain(expected);
    expect(problem(text).split('\n')).toHaveLength(1);
  });
});

describe('a hostile text is refused, quickly', () => {
  it('billion laughs', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
    expect(problem(['a0: &a0 lol', ...lines].join('\n'))).toContain('the aliases up to here make more than');
  });

  it('nesting', () => {
    expect(problem(`a: ${'['.repeat(5000)}`)).toContain('the nesting here is deeper than is taken');
    const parsed: Record<string, unknown> = {};
    parsed.self = parsed;
    expect(readManifest(parsed as never).diagnostics[0]?.message).toContain('nested deeper');
  });

  it('size', () => {
    expect(readManifest('a: 1 ', { sizeMax: 4 }).diagnostics[0]?.message).toContain('larger than 4 characters');
    expect(problem(`a: ${'9'.repeat(5000)}`)).toContain('5000 digits');
  });
});

describe('positions', () => {
  const { tree, positions } = readManifest(
    'top:\n  "a b": 1\n  list:\n    - x: |\n        text\n    - { y: \'q\' }\nalias: &n\n  z: 1\nuse: *n\n',
  );
  const top = tree.top as Record<string, object>;
  const at = ({ line, column }: { line: number; column: number }) => `${line}:${column}`;

  it('of keys, values, entries and aliases', () => {
    expect(at(positions.keyPlace(top, 'a b'))).toBe('2:3');
    expect(at(positions.place(top, 'a b'))).toBe('2:10');
    expect(at(positions.place(top.list as object, 1))).toBe('6:7');
    expect(at(positions.place((top.list as object[])[0] as object, 'x'))).toBe('4:10');
    expect(at(positions.place((top.list as object[])[1] as object, 'y'))).toBe('6:12');
    expect(positions.locate(tree, ['use', 'z'])).toMatchObject({
      at: { line: 8, column: 6 },
      via: [{ line: 9, column: 6 }],
    });
  });

  it('of a parsed object are nowhere, and the path says where', () => {
    const read = readManifest({ a: { b: 1 } }, { file: 'config' });
    expect(read.positions.place(read.tree, 'a')).toEqual({ file: 'config', line: 0, column: 0 });
  });
});
