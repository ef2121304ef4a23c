import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../root.js';
import { allPaths, functionsOf, importsOf, sourceFiles, target } from './source-files.js';

const LINES_MAX = 400;
const MEDIAN_LINES_MAX = 120;
const FUNCTION_LINES_MAX = 70;
const FORBIDDEN = /^(utils?|helpers?|managers?|core|commons?)$/i;
/** Which packages a package may know: arrows only downward. */
const MAY_KNOW: Record<string, readonly string[]> = {
  protocol: [],
  interpolation: [],
  source: ['protocol'],
  declarative: ['protocol', 'interpolation', 'source'],
  sync: ['protocol', 'source'],
  database: ['protocol', 'source'],
  cli: ['protocol', 'source', 'declarative', 'sync', 'database'],
};

const inPackages = sourceFiles.filter((file) => /^packages\/[^/]+\/src\//.test(file.path));
const inWords = inPackages.filter((file) => file.path.startsWith('packages/declarative/src/components/'));
const isWord = (text: string): boolean => /^export const \w+(?::[^=]+)? = component\(/m.test(text);
const words = new Set(inWords.filter((file) => isWord(file.text)).map((file) => file.path));
const packageOf = (path: string): string => path.split('/')[1]!;

describe('direction', () => {
  it('packages know only packages below them, by their names', () => {
    const wrong: string[] = [];
    for (const file of inPackages) {
      const own = packageOf(file.path);
      for (const specifier of importsOf(file.tree)) {
        const other = /^@tidemark\/([^/]+)/.exec(specifier)?.[1];
        if (other !== undefined && !MAY_KNOW[own]?.includes(other)) wrong.push(`${file.path} imports ${specifier}`);
        const leaves = specifier.startsWith('.') && !target(file.path, specifier).startsWith(`packages/${own}/src/`);
        if (leaves) wrong.push(`${file.path} imports ${specifier}, which is outside its package`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('package.json names exactly the packages that are imported', () => {
    const wrong: string[] = [];
    for (const name of Object.keys(MAY_KNOW)) {
      const manifest = JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8'));
      const declared = new Set([
        ...Object.keys(manifest.dependencies ?? {}),
        ...Object.keys(manifest.peerDependencies ?? {}),
      ]);
      const imported = new Set<string>();
      for (const file of inPackages.filter((each) => packageOf(each.path) === name)) {
        for (const specifier of importsOf(file.tree)) {
          if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
          imported.add(
            specifier
              .split('/')
              .slice(0, specifier.startsWith('@') ? 2 : 1)
              .join('/'),
          );
        }
      }
      imported.delete(manifest.name);
      for (const each of imported)
        if (!declared.has(each)) wrong.push(`${name} imports ${each} and does not declare it`);
      for (const each of declared)
        if (!imported.has(each)) wrong.push(`${name} declares ${each} and does not import it`);
    }
    expect(wrong).toEqual([]);
  });

  it('nobody imports a word of the language: words meet in their slots', () => {
    const wrong: string[] = [];
    for (const file of inPackages) {
      for (const specifier of importsOf(file.tree)) {
        if (specifier.startsWith('.') && words.has(target(file.path, specifier)))
          wrong.push(`${file.path} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('what is below the words knows no room, save its slot', () => {
    const wrong: string[] = [];
    const below = inPackages.filter((file) =>
      /^packages\/declarative\/src\/(component|http|manifest)\//.test(file.path),
    );
    for (const file of below) {
      for (const specifier of importsOf(file.tree)) {
        const to = specifier.startsWith('.') ? target(file.path, specifier) : '';
        const isRoom = to.startsWith('packages/declarative/src/components/');
        if (isRoom && !/slot\.ts$/.test(to)) wrong.push(`${file.path} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('sizes', () => {
  it(`files have at most ${LINES_MAX} lines, half of them at most ${MEDIAN_LINES_MAX}`, () => {
    const sizes = sourceFiles.map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }));
    expect(sizes.filter((size) => size.lines > LINES_MAX)).toEqual([]);
    const sorted = sizes.map((size) => size.lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES_MAX);
  });

  it(`functions have at most ${FUNCTION_LINES_MAX} lines`, () => {
    const long = sourceFiles.flatMap((file) =>
      functionsOf(file)
        .filter((each) => each.lines > FUNCTION_LINES_MAX)
        .map((each) => `${file.path}:${each.line} ${each.name}: ${each.lines} lines`),
    );
    expect(long).toEqual([]);
  });
});

describe('names', () => {
  it('no file or folder has a name that says nothing', () => {
    const wrong = allPaths.filter((path) =>
      path.split('/').some((part) =>
        part
          .replace(/\..*$/, '')
          .split('-')
          .some((word) => FORBIDDEN.test(word)),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('no exported name says nothing', () => {
    const wrong: string[] = [];
    for (const file of inPackages) {
      for (const match of file.text.matchAll(
        /^export (?:default )?(?:abstract )?(?:async )?(?:const|function\*?|class|interface|type|enum) (\w+)/gm,
      )) {
        const parts = match[1]!.replace(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[ _]/);
        if (parts.some((part) => FORBIDDEN.test(part))) wrong.push(`${file.path}: ${match[1]}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('files are named in kebab-case', () => {
    const wrong = sourceFiles
      .map((file) => file.path)
      .filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.(ts|mts|mjs|js)$/.test(basename(path)));
    expect(wrong).toEqual([]);
  });
});

describe('loose ends', () => {
  it('the registry of words is fresh', () => {
    const run = spawnSync(process.execPath, ['scripts/generate.mjs', '--registry', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  it('every file of a package is reached from its entries', () => {
    const byPath = new Map(
      allPaths
        .filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path))
        .map((path) => [path, sourceFiles.find((file) => file.path === path)]),
    );
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path) || !byPath.has(path)) return;
      reached.add(path);
      const file = byPath.get(path);
      // Generated files are not parsed with the others; the registry reaches exactly the words.
      const next = file
        ? importsOf(file.tree)
            .filter((each) => each.startsWith('.'))
            .map((each) => target(path, each))
        : [...words];
      for (const each of next) visit(each);
    };
    for (const name of Object.keys(MAY_KNOW)) {
      const manifest = JSON.parse(readFileSync(join(root, `packages/${name}/package.json`), 'utf8'));
      const targets = Object.values((manifest.exports ?? {}) as Record<string, { default?: string }>).map(
        (each) => each.default ?? '',
      );
      for (const each of targets) visit(`packages/${name}/src/${each.replace('./dist/', '').replace(/\.js$/, '.ts')}`);
      if (manifest.bin) visit(`packages/${name}/src/main.ts`);
    }
    visit('packages/declarative/src/generate.ts');
    expect([...byPath.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });

  it('every note of a change names the packages that it is about', () => {
    const names = Object.keys(MAY_KNOW).map((name) => (name === 'cli' ? 'tidemark' : `@tidemark/${name}`));
    const head = new RegExp(`^---\\n((["'])(${names.join('|')})\\2: (patch|minor|major)\\n)+---\\n\\n\\S`);
    const notes = allPaths.filter((path) => /^\.changeset\/.*\.md$/.test(path));
    expect(notes.filter((path) => !head.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
  });

  it('no file names a machine, its folders or its registry', () => {
    const wrong: string[] = [];
    for (const path of allPaths) {
      if (/\.(png|gz|duckdb)$/.test(path) || path.startsWith('test/tidy/')) continue;
      const text = readFileSync(join(root, path), 'utf8');
      for (const match of text.matchAll(
        /(?<![\w.])\/(?:work|root|home)\/\w+|\b(?:registry|nexus|artifactory|verdaccio)\.[a-z0-9-]+\.[a-z]{2,}|\/tmp\/ref\b/g,
      )) {
        wrong.push(`${path}: ${match[0]}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
