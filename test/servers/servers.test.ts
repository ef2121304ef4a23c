import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Server } from '../../scripts/servers/supervised.mjs';
import {
  describeWith,
  mariadb,
  mongodb,
  mysql,
  postgres,
  postgres18,
  type ServerKind,
  s3,
} from '../../scripts/servers/vitest.mjs';
import { root } from '../root.js';

const kinds: readonly (readonly [string, ServerKind<object>])[] = [
  ['postgres', postgres],
  ['postgres18', postgres18],
  ['mysql', mysql],
  ['mariadb', mariadb],
  ['s3', s3],
  ['mongodb', mongodb],
];

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Whether something comes true within twenty seconds. */
async function comes(isSo: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return true;
    await sleep(100);
  }
  return false;
}

async function firstLine(child: ChildProcess): Promise<Server> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return JSON.parse(text) as Server;
}

for (const [file, kind] of kinds) {
  describeWith(kind, 'a server of the tests', (server) => {
    it('survives a kill, on the same port', async () => {
      const { port, pid } = server();
      expect(await answers(port)).toBe(true);
      await server().kill();
      // Children of a killed server let go of its port a moment later.
      expect(await comes(async () => !(await answers(port)))).toBe(true);
      await server().restart();
      expect(await answers(port)).toBe(true);
      expect(server().port).toBe(port);
      expect(server().pid).not.toBe(pid);
    });

    it('leaves nothing when it is stopped', async () => {
      const other = await kind.start({});
      expect(other.port).not.toBe(server().port);
      await other.stop();
      await other.stop();
      expect(existsSync(other.folder)).toBe(false);
      expect(await answers(other.port)).toBe(false);
    });

    it('ends when the process that started it is killed', async () => {
      const child = spawn(process.execPath, [join(root, `scripts/servers/${file}.mjs`)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const { port } = await firstLine(child);
      expect(await answers(port)).toBe(true);
      child.kill('SIGKILL');
      expect(await comes(async () => !(await answers(port)))).toBe(true);
    });

    it('ends with its standard input', async () => {
      const child = spawn(process.execPath, [join(root, `scripts/servers/${file}.mjs`)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const { port } = await firstLine(child);
      child.stdin!.end();
      expect(await comes(() => child.exitCode === 0)).toBe(true);
      expect(await answers(port)).toBe(false);
    });
  });
}

describeWith(mysql, 'accounts', (server) => {
  it('the user has the rights and the log has no set-up in it', () => {
    const client = join(
      process.env.TIDEMARK_SERVERS_FOLDER ?? join(root, 'node_modules/.cache/servers'),
      'mysql-8.0.33/bin/mysql',
    );
    const { port, user, password, database } = server();
    const said = execFileSync(
      client,
      [
        '--no-defaults',
        '-h127.0.0.1',
        `-P${port}`,
        `-u${user}`,
        `-p${password}`,
        '-N',
        '-e',
        'SELECT database(), @@gtid_mode, @@gtid_executed',
        database,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(said.trim().split('\t')).toEqual(['tidemark', 'ON']);
  });
});
