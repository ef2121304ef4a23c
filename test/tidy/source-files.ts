import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from '../root.js';

/** One hand-written source file. */
export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** Every file of the repository, those that are not committed yet too, without what .gitignore names. */
export const allPaths: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .sort();

/** The TypeScript and JavaScript files that people write. */
export const sourceFiles: readonly SourceFile[] = allPaths
  .filter((path) => /\.(ts|mts|mjs|js)$/.test(path) && !/\.gen\.ts$|\.d\.m?ts$/.test(path))
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    return { path, text, tree };
  });

/** The modules that a file names, by import, export, `import()` or `createRequire(…)()`. */
export function importsOf(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const named =
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier
        ? node.moduleSpecifier
        : ts.isCallExpression(node) &&
            (node.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire(node.expression))
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (named && ts.isStringLiteralLike(named)) found.push(named.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `createRequire(…)`, which is called with a module's name at once. */
function isRequire(node: ts.Expression): boolean {
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'createRequire';
}

/** The file that a relative import means, relative to the repository. */
export function target(from: string, specifier: string): string {
  return join(dirname(from), specifier.replace(/\.js$/, '.ts'));
}

/** Functions with their line counts; suites (callbacks of describe and it, and `describeX`) are not functions in this sense. */
export function functionsOf(file: SourceFile): { name: string; line: number; lines: number }[] {
  const found: { name: string; line: number; lines: number }[] = [];
  const lineOf = (position: number): number => file.tree.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && !isSuite(node)) {
      const line = lineOf(node.getStart(file.tree));
      found.push({ name: node.name?.getText(file.tree) ?? 'a function', line, lines: lineOf(node.end) - line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file.tree);
  return found;
}

function isSuite(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) && /^describe[A-Z]/.test(node.name?.text ?? '')) return true;
  return ts.isCallExpression(node.parent) && /^(describe\w*|it|test)\b/.test(node.parent.expression.getText());
}
