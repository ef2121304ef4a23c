import { describe, expect, it } from 'vitest';
import { formatDiagnostic, readManifest, resolveReferences } from '../../src/manifest/index.js';

const resolve = (text: string) => resolveReferences(readManifest(text));
const tree = (text: string) => resolve(text).tree;
const problems = (text: string) => resolve(text).diagnostics.map(formatDiagnostic);

describe('what a reference gives', () => {
  it('a value of any kind, wherever a value can stand', () => {
    expect(
      tree('d: {n: 5, l: [a, b], m: {x: 1}}\na: "#/d/n"\nb: ["#/d/l", {$ref: "#/d/m"}]\nc: {$ref: "#/d/n"}\n'),
    ).toMatchObject({
      a: 5,
      b: [['a', 'b'], { x: 1 }],
      c: 5,
    });
  });

  it('a mapping with keys of its own on top, in the order of the named one', () => {
    const { a } = tree('d: {x: {p: 1}, y: 2}\na: {z: 3, x: {q: 1}, $ref: "#/d"}\n') as { a: object };
    expect(a).toEqual({ x: { q: 1 }, y: 2, z: 3 });
    expect(Object.keys(a)).toEqual(['x', 'y', 'z']);
  });

  it('references inside what is named, and inside what stands beside', () => {
    expect(tree('d: {one: {v: "#/d/n"}, n: 1}\na: {$ref: "#/d/one", w: {$ref: "#/d/one"}}\n').a).toEqual({
      v: 1,
      w: { v: 1 },
    });
    expect(tree('d: {n: {x: 1}}\na: {$ref: {$ref: "#/d/n"}}\n').a).toEqual({ x: 1 });
  });

  it('keys with slashes and indices of lists', () => {
    expect(
      tree('n: {p: first}\nn/p: whole\nl: [{k: 1}, {k: 2}]\na: "#/n/p"\nb: "#/l/1/k"\nc: "#/l/-1/k"\nd: "#/n/p/"\n'),
    ).toMatchObject({ a: 'whole', b: 2, c: 2, d: 'first' });
  });

  it('nothing in values for the configuration, nor in keys', () => {
    expect(tree('a: {config_overrides: {x: "#/nowhere"}, "#/key": 1}\n').a).toEqual({
      config_overrides: { x: '#/nowhere' },
      '#/key': 1,
    });
  });

  it('leaves what has no reference as it is', () => {
    const read = readManifest('a: {b: [1, {c: 2}]}\nd: "#/a/b"\n');
    const resolved = resolveReferences(read);
    expect(resolved.tree.a).toBe(read.tree.a);
    expect(resolved.tree.d).toBe((read.tree.a as Record<string, unknown>).b);
  });

  it('harmless names', () => {
    expect(tree('d: {__proto__: {x: 1}}\na: {$ref: "#/d", y: 2}\n').a).toEqual(
      JSON.parse('{"__proto__": {"x": 1}, "y": 2}'),
    );
    expect(problems('a: "#/constructor"\nb: "#/a/length"\n')).toHaveLength(2);
  });
});

describe('what is wrong with a reference', () => {
  it.each([
    [
      'definitions: {paginator: 1}\na: {$ref: "#/definitions/paginater"}\n',
      "2:11 the reference '#/definitions/paginater' names nothing in this manifest. Did you mean '#/definitions/paginator'?",
    ],
    [
      'definitions: {paginators: {main: 1}}\na: "#/definitions/main"\n',
      "2:4 the reference '#/definitions/main' names nothing in this manifest. Did you mean '#/definitions/paginators/main'?",
    ],
    [
      'definitions: {a: {b: 1}}\nc: "#/definitons/a/b"\n',
      "2:4 the reference '#/definitons/a/b' names nothing in this manifest. Did you mean '#/definitions/a/b'?",
    ],
    ['a: "#/zzz"\n', "1:4 the reference '#/zzz' names nothing in this manifest"],
    [
      'definitions: {x: {y: 1}}\na: {$ref: definitions/x}\n',
      "2:11 the reference 'definitions/x' must begin with '#/'. Did you mean '#/definitions/x'?",
    ],
    [
      'd: {t: text}\na: {$ref: "#/d/t", b: 1}\n',
      "2:11 warning: '#/d/t' is not a mapping, so 'b' beside it counts for nothing",
    ],
  ])('%s', (text, expected) => {
    expect(problems(text)).toEqual([`manifest.yaml:${expected}`]);
  });

  it('a circle, with the way round it', () => {
    const text = 'd:\n  a: {$ref: "#/d/b"}\n  b:\n    x: "#/d/a"\nuse: {$ref: "#/d/a"}\n';
    expect(problems(text)).toEqual([
      'manifest.yaml:2:13 the reference leads back to itself: #/d/b (at manifest.yaml:2:13) → #/d/a (at manifest.yaml:4:8) → #/d/b',
    ]);
    expect(problems('a: "#/a"\n')[0]).toContain('the reference leads back to itself: #/a');
    expect(problems('a: "#/"\n')[0]).toContain('the reference leads back to itself');
  });

  it('a JSON Schema may have references of its own', () => {
    expect(problems('a: {schema: {properties: {x: {$ref: shared.json}}}}\n')).toEqual([]);
  });

  it('nodes without end, and depth without end', () => {
    const laughs = Array.from(
      { length: 20 },
      (_, i) => `a${i + 1}: {${[1, 2, 3, 4, 5, 6].map((n) => `k${n}: "#/a${i}"`).join(', ')}}`,
    );
    expect(problems(['a0: {x: 1}', ...laughs].join('\n')).join()).toContain('make a manifest of more than');
    const chain = Array.from({ length: 3000 }, (_, i) => `a${i + 1}: {x: {y: {z: "#/a${i}"}}}`);
    expect(problems(['a0: 1', ...chain].join('\n')).join()).toContain('nested deeper than 400 levels');
    expect(problems([...chain.reverse(), 'a0: 1'].join('\n')).join()).toContain('nested deeper than 400 levels');
  });
});

describe('places lead to the definition, through the reference', () => {
  const text =
    'definitions:\n  base:\n    deep:\n      url: x\nstreams:\n  - $ref: "#/definitions/base"\n    own: y\n  - r: "#/definitions/base/deep"\n';
  const { tree: root, positions } = resolve(text);
  const short = (path: (string | number)[]) => {
    const { at, via } = positions.locate(root, path);
    return [at, ...via].map(({ line, column }) => `${line}:${column}`).join(' ');
  };

  it('for what is named, what stands beside it, and what is shared', () => {
    expect(short(['streams', 0, 'deep', 'url'])).toBe('4:12 6:11');
    expect(short(['streams', 0, 'own'])).toBe('7:10');
    expect(short(['streams', 1, 'r', 'url'])).toBe('4:12 8:8');
    expect(positions.keyPlace((root.streams as object[])[0] as object, 'deep')).toMatchObject({ line: 3, column: 5 });
  });
});
