import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-stop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that takes no notice of SIGTERM; it says its number when it is asked for its streams. */
const PROGRAM = `
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => undefined);
if (process.argv[2] === 'spec') {
  console.log(JSON.stringify({ type: 'SPEC', spec: { connectionSpecification: { type: 'object', properties: {} } } }));
  process.exit(0);
}
writeFileSync(process.argv[1] + '.pid', String(process.pid));
setInterval(() => undefined, 1000);
`;

it('SIGTERM while a program that takes no notice is asked for its streams: 143, and the program is gone', async () => {
  const program = join(folder, 'deaf.mjs');
  const connection = join(folder, 'deaf.yaml');
  writeFileSync(program, PROGRAM);
  writeFileSync(
    connection,
    `name: deaf\nsource: { command: ["${process.execPath}", "${program}"] }\ndestination: duckdb:deaf.duckdb\n`,
  );
  const run = await runCli(['sync', connection, '--log', 'json'], {
    onStart: (child) => {
      const look = setInterval(() => {
        if (!existsSync(`${program}.pid`)) return;
        clearInterval(look);
        child.kill('SIGTERM');
      }, 20);
    },
  });
  const pid = Number(readFileSync(`${program}.pid`, 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(endOf(run.stderr)).toMatchObject({ outcome: 'stopped', exit_code: 143, job: null });
  expect(run.code).toBe(143);
});

it('SIGTERM while a destination does not answer: 143', async () => {
  const sockets = new Set<Socket>();
  let asked: () => void = () => undefined;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    asked();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const connection = join(folder, 'silent.yaml');
  writeFileSync(
    connection,
    `name: silent\nsource: { command: [cat] }\ndestination: postgres://me:secret@127.0.0.1:${port}/nowhere\n`,
  );
  try {
    const run = await runCli(['sync', connection], {
      onStart: (child) => {
        asked = () => void child.kill('SIGTERM');
      },
    });
    expect(run.stderr).toContain('The sync was stopped');
    expect(run.code).toBe(143);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

function endOf(stderr: string): Record<string, unknown> {
  return JSON.parse(stderr.trim().split('\n').at(-1)!) as Record<string, unknown>;
}
