import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { thisMachine } from '../../src/books/this-machine.ts';
import { SecretFiles } from '../../src/processes/secret-files.ts';

it('are for nobody else, go when they are not needed, and those of killed processes go with the next', async () => {
  const machine = createHash('sha256').update(thisMachine()).digest('hex').slice(0, 8);
  const dead = `${tmpdir()}/tidemark-files-${machine}-${2 ** 22 + 7}-abcdef`;
  const alive = `${tmpdir()}/tidemark-files-${machine}-${process.pid}-abcdef`;
  for (const folder of [dead, alive]) mkdirSync(folder);
  writeFileSync(`${dead}/config.json`, '{"password":"hush"}');
  const files = await SecretFiles.write(
    { command: ['x'] },
    { config: { id: 12345678901234567890n }, state: undefined },
  );
  expect(existsSync(dead)).toBe(false);
  expect(existsSync(alive)).toBe(true);
  expect(files.options()).toEqual(['--config', `${files.folder}/config.json`]);
  expect(readFileSync(`${files.folder}/config.json`, 'utf8')).toBe('{"id":12345678901234567890}');
  expect(statSync(files.folder).mode & 0o777).toBe(0o700);
  expect(statSync(`${files.folder}/config.json`).mode & 0o777).toBe(0o600);
  await files.remove();
  expect(existsSync(files.folder)).toBe(false);
  rmdirSync(alive);
});
