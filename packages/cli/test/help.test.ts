import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/program.js';
import { quickParse } from '../src/quick-parse.js';

/** What `tidemark [COMMAND] --help` prints, its lines joined where the width broke them. */
function help(command?: string): string {
  const program = createProgram({ code: 0 });
  const found = command === undefined ? program : program.commands.find((each) => each.name() === command)!;
  const printed: string[] = [];
  found.configureOutput({ writeOut: (text) => void printed.push(text) });
  found.outputHelp();
  return printed.join('');
}

const plain = (text: string): string => text.replace(/\s+/g, ' ');
const examples = (text: string): string[] =>
  text.split('\n').flatMap((line) => (/^ {2}tidemark /.test(line) ? [line.trim()] : []));

describe('the help', () => {
  it.each(['spec', 'check', 'discover', 'read'])('of %s says that a database may stand there', (command) => {
    expect(plain(help(command))).toContain('a database: its URL, or a kind (postgres) with --config');
  });

  it('of sync says that a database may stand there, and shows one', () => {
    const text = help('sync');
    expect(plain(text)).toContain('together with --to, a manifest or a database: its URL, or a kind (postgres)');
    expect(plain(text)).not.toContain('(JSON) for a manifest');
    expect(examples(text).some((line) => /^tidemark sync postgres:\/\/.* --to /.test(line))).toBe(true);
    expect(examples(text).some((line) => /^tidemark sync postgres --config .* --to /.test(line))).toBe(true);
  });

  it('of check speaks of databases, with an example, and that of validate does not', () => {
    expect(plain(help())).toContain('say whether the API or database can be reached');
    expect(examples(help('check')).some((line) => line.startsWith('tidemark check postgres://'))).toBe(true);
    expect(help('validate')).not.toContain('database');
  });

  it('has only examples that are understood, and a database among those of the command itself', () => {
    const all = [undefined, 'check', 'sync', 'refresh'].flatMap((command) => examples(help(command)));
    expect(all.length).toBeGreaterThan(12);
    for (const line of all) expect([line, quickParse(line.split(' ').slice(1)) !== undefined]).toEqual([line, true]);
    expect(examples(help()).some((line) => line.includes('postgres://'))).toBe(true);
  });
});
