import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, it } from 'vitest';
import type { S3Server } from '../../../scripts/servers/s3.mjs';
import { describeWith, s3 as s3Server } from '../../../scripts/servers/vitest.mjs';
import { s3 } from '../src/destinations/s3.ts';
import { Bench, batch, column, jobOf, planOf, stateOf, things } from '../src/testing/harness.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { readStream } from './files-reader.ts';
import { accessOf, clientOf, download, keysOf } from './s3-reader.ts';

/** What a server in between does with a request: passes it on as it is unless told otherwise. */
interface Meddling {
  /** Headers that do not get through. */
  without?: readonly string[];
  /** The answer never arrives, though the work is done. */
  loseAnswer?: (request: IncomingMessage) => boolean;
}

const folder = temporaryFolder();
const proxies: Server[] = [];
let places = 0;
let copies = 0;
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});

/** A server in front of the real one. */
async function proxyOf(target: string, { without = [], loseAnswer }: Meddling): Promise<string> {
  const { hostname, port } = new URL(target);
  const proxy = createServer((from, to) => {
    const headers = Object.fromEntries(Object.entries(from.headers).filter(([name]) => !without.includes(name)));
    const onward = request({ hostname, port, path: from.url, method: from.method, headers }, (answer) => {
      if (loseAnswer?.(from)) {
        answer.resume();
        answer.on('end', () => from.socket.destroy());
        return;
      }
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
    });
    from.pipe(onward);
  });
  proxies.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

function benchOf(server: S3Server, endpoint = server.url): Promise<Bench> {
  return Bench.at({
    place: async () => `faults/place-${++places}`,
    destination: (prefix) => s3({ ...accessOf(server), endpoint, prefix }),
    read: async (prefix, stream) => readStream(await download(server, prefix, `${folder}/${++copies}`), stream),
  });
}

const append = { destinationSyncMode: 'append' } as const;
const isManifest = ({ method, url }: IncomingMessage) => method === 'PUT' && /manifest\.json/.test(url ?? '');

describeWith(s3Server, 'S3 with faults', (server) => {
  it('takes a commit for made when only its answer got lost', async () => {
    let left = 0;
    let lost = 0;
    const isNext = (from: IncomingMessage) => isManifest(from) && left-- > 0 && ++lost > 0;
    const bench = await benchOf(server(), await proxyOf(server().url, { loseAnswer: isNext }));
    const plan = planOf(jobOf(1), append);
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      for (const page of [1, 2, 3]) {
        await writer.write(plan.key, batch(things(page)));
        left = page === 2 ? 1 : 0;
        await writer.commit([stateOf(plan, { page }, 1)]);
      }
    });
    expect(lost).toBe(1);
    expect(column(await bench.rows('things'), 'id')).toEqual(['1', '2', '3']);
  });

  it('says when a server knows no conditions, and keeps runners apart by the lease', async () => {
    const without = ['if-match', 'if-none-match'];
    const bench = await benchOf(server(), await proxyOf(server().url, { without }));
    const plan = planOf(jobOf(1), append);
    const { session } = await bench.open();
    expect(bench.logs.join('\n')).toMatch(/ignores If-Match and If-None-Match/);
    await expect(bench.open()).rejects.toMatchObject({ kind: 'transient', message: expect.stringMatching(/in use/) });
    await session.begin(jobOf(1), [plan]);
    const writer = await session.writer([plan]);
    await writer.write(plan.key, batch(things(1)));
    bench.clock += 120_000;
    const { session: next } = await bench.open();
    const late = writer.commit([stateOf(plan, {}, 1)]);
    await expect(late).rejects.toMatchObject({ message: expect.stringMatching(/another runner has taken over/i) });
    await writer.close();
    await session.close();
    await next.close();
    expect(await bench.rows('things')).toEqual([]);
  });

  it('sends large files in pieces and leaves nothing half-sent behind', async () => {
    const bench = await benchOf(server());
    const plan = planOf(jobOf(1), append);
    const names = Array.from({ length: 24 }, () => randomBytes(512 * 1024).toString('hex'));
    await bench.attempt(jobOf(1), [plan], async (writer) => {
      await writer.write(plan.key, batch(names.map((name, id) => ({ id, name }))));
      await writer.finish(stateOf(plan, {}, names.length));
    });
    expect(column(await bench.rows('things'), 'name')).toEqual(names);
    const client = clientOf(server());
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: server().bucket }));
    client.destroy();
    expect(Uploads).toEqual([]);
    expect((await keysOf(server(), bench.place)).filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  });

  it('says what is wrong with the bucket, the keys or the server, without showing a key', async () => {
    const access = { ...accessOf(server()), accessKeyId: 'AKIAXYZ', secretAccessKey: 'very-secret' };
    const open = (more: object) =>
      s3({ ...access, ...more }).open({ clock: Date.now, connection: 'x', log: () => undefined });
    const gone = await proxyOf(server().url, {});
    proxies.pop()!.close();
    const cases: [object, string, RegExp][] = [
      [{ bucket: 'no-such-bucket' }, 'config', /no such bucket/],
      [{ endpoint: gone }, 'transient', /cannot be reached \(ECONNREFUSED\)/],
    ];
    for (const [more, kind, message] of cases) {
      const error = (await open(more).catch((thrown: unknown) => thrown)) as Error & { detail?: string };
      expect(error).toMatchObject({ kind, message: expect.stringMatching(message) });
      expect(`${error.message} ${error.detail}`).not.toMatch(/AKIAXYZ|very-secret/);
    }
  });
});
