import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { childProgram, programFolder } from './child.ts';
import { count, query, temporaryFolder } from './duckdb-file.ts';
import { FakeSource, rows } from './fake-source.ts';
import { Transcript } from './transcript.ts';

const folder = temporaryFolder();
const users = () => new FakeSource([{ name: 'users', rows: rows(20) }]);
const programs = programFolder();
const fullDisk = childProgram('full-disk-child');

describe('a file that cannot be used', () => {
  it('is held by another process: who it is, and what to do', async () => {
    const file = `${folder}/held.duckdb`;
    await new Transcript(users(), file).run();
    const program = `${programs}/hold.mjs`;
    writeFileSync(
      program,
      `import { DuckDBInstance } from '@duckdb/node-api';
       globalThis.held = await (await DuckDBInstance.create(process.argv[2])).connect();
       console.log('held'); setInterval(() => {}, 1000);`,
    );
    const holder = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((held) => holder.stdout.once('data', held));
      const refused = new Transcript(users(), file).run();
      await expect(refused).rejects.toMatchObject({
        kind: 'transient',
        message: expect.stringMatching(new RegExp(`in use by process ${holder.pid}.*run this again`)),
      });
    } finally {
      holder.kill('SIGKILL');
    }
    await new Promise((gone) => holder.once('close', gone));
    expect((await new Transcript(users(), file).run()).outcome).toBe('complete');
  });

  it('is in use by another sync of this process', async () => {
    const file = `${folder}/twice.duckdb`;
    const source = new FakeSource([
      { name: 'users', rows: rows(20), onPage: () => new Promise((go) => setTimeout(go, 50)) },
    ]);
    const first = new Transcript(source, file).run();
    await expect(new Transcript(users(), file).run()).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(/in use by another sync/),
    });
    expect((await first).outcome).toBe('complete');
  });

  it('is no DuckDB file: it is left as it is', async () => {
    const file = `${folder}/notes.txt`;
    writeFileSync(file, 'dear diary\n'.repeat(1_000));
    await expect(new Transcript(users(), file).run()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/is not a DuckDB database.*Name another file/),
    });
    expect(readFileSync(file, 'utf8')).toBe('dear diary\n'.repeat(1_000));
  });

  it('was cut short', async () => {
    const file = `${folder}/cut.duckdb`;
    await new Transcript(new FakeSource([{ name: 'users', rows: rows(20_000), pageSize: 1_000 }]), file).run();
    truncateSync(file, 20_000);
    await expect(new Transcript(users(), file).run()).rejects.toMatchObject({
      name: 'ConnectorError',
      message: expect.stringMatching(/damaged|not a DuckDB/),
    });
  });

  it('is a folder, or in one that cannot be', async () => {
    mkdirSync(`${folder}/sub`);
    await expect(new Transcript(users(), `${folder}/sub`).run()).rejects.toMatchObject({ kind: 'config' });
    writeFileSync(`${folder}/plain`, '');
    await expect(new Transcript(users(), `${folder}/plain/a.duckdb`).run()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/folder/),
    });
  });

  it('is gone and its log is not', async () => {
    const file = `${folder}/moved.duckdb`;
    writeFileSync(`${file}.wal`, 'left over');
    await expect(new Transcript(users(), file).run()).rejects.toMatchObject({
      kind: 'config',
      message: expect.stringMatching(/\.wal is there/),
    });
  });

  it('was written by a newer Tidemark', async () => {
    const file = `${folder}/newer.duckdb`;
    await new Transcript(users(), file).run();
    await query(file, 'UPDATE _tidemark.version SET version = 99');
    await expect(new Transcript(users(), file).run()).rejects.toThrow(/newer Tidemark \(version 99/);
  });

  it('was half made when a process was killed: nothing of that stays', async () => {
    const file = `${folder}/half.duckdb`;
    writeFileSync(`${file}.999999999.new`, 'half');
    expect((await new Transcript(users(), file).run()).outcome).toBe('complete');
    expect(readdirSync(folder).filter((name) => name.startsWith('half'))).toEqual(['half.duckdb']);
  });

  it('is there and empty: it is used', async () => {
    const file = `${folder}/empty.duckdb`;
    writeFileSync(file, '');
    expect((await new Transcript(users(), file).run()).outcome).toBe('complete');
  });
});

it('a full disk ends the sync, and what was committed is gone on from', async () => {
  const file = `${folder}/full.duckdb`;
  const attempt = (limit: string) => {
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, fullDisk(), file],
      { encoding: 'utf8' },
    );
    return JSON.parse(stdout || stderr) as {
      outcome: string;
      errors: { kind: string; message: string }[];
      streams: { committed: number; rowsBefore: number }[];
    };
  };
  const full = attempt('6000');
  expect(full.outcome).toBe('failed');
  expect(full.errors[0]).toMatchObject({
    kind: 'system',
    message: expect.stringMatching(/no room to write .*full\.duckdb.*run this again/),
  });
  expect(full.streams[0]!.committed).toBeGreaterThan(0);
  const again = attempt('unlimited');
  expect(again).toMatchObject({ outcome: 'complete', streams: [{ resumed: true }] });
  expect(again.streams[0]!.rowsBefore).toBeGreaterThanOrEqual(full.streams[0]!.committed);
  expect(again.streams[0]!.rowsBefore + again.streams[0]!.committed).toBe(40_000);
  expect(await count(file, 'SELECT count(*) FROM noise')).toBe(40_000);
  expect(await count(file, 'SELECT count(DISTINCT id) FROM noise')).toBe(40_000);
}, 60_000);
