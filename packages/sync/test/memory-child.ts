import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';
import { pageCursor, type Source, singleCursor } from '@tidemark/source';
import { fileBooks, openDestination, processSource, sync } from '@tidemark/sync';

/**
 * Syncs rows that are made as they are read, and prints the most memory that the process held, as JSON:
 * `node memory-child.mjs DESTINATION ROWS BYTES PAGE_ROWS [STATE [PROGRAM]]`. PROGRAM makes the rows, with a state for as many
 * rows as a page has.
 */
const [destination = '', rows = '1', bytes = '100', pageRows = '1', state, program] = process.argv.slice(2);
const total = Number(rows);
const size = Number(pageRows);
const fill = Number(bytes);
const properties = {
  id: { type: 'integer' },
  name: { type: 'string' },
  price: { type: 'number' },
  on: { type: 'boolean' },
};

/** As a body comes over the network: bytes, then text, then what a parser makes of it. */
function record(id: number): JsonObject {
  const head = `{"id":${id},"price":${id / 4},"on":${id % 2 === 0},"name":"${id} `;
  const body = Buffer.alloc(head.length + fill + 2, 'abcdefghijklmnopqrstuvwxyz ');
  body.write(head);
  body.write('"}', body.length - 2);
  return JSON.parse(body.toString()) as JsonObject;
}

const made: Source = {
  spec: async () => ({ connectionSpecification: {} }),
  connect: async () => ({
    streams: [
      {
        name: 'things',
        describe: () => ({
          name: 'things',
          json_schema: { type: 'object', properties },
          supported_sync_modes: ['full_refresh' as const],
          is_resumable: true,
        }),
        open: (state, run) => ({
          cursor: singleCursor(pageCursor({ state, fingerprint: 'f', generation: run?.generation })),
          async *read(unit) {
            for (let from = Number(unit.position ?? 0); from < total; from += size) {
              const next = from + size;
              const records = Array.from({ length: Math.min(size, total - from) }, (_, index) => record(from + index));
              yield next < total ? { records, next } : { records };
            }
          },
        }),
      },
    ],
    concurrency: 1,
    check: async () => ({ succeeded: true }),
    close: async () => undefined,
  }),
};
const source = program ? processSource({ command: [process.execPath, program, rows, bytes, pageRows] }) : made;
const began = process.cpuUsage();
const result = await sync({
  source,
  config: {},
  connection: 'memory',
  destination: await openDestination(destination, state ? fileBooks(state) : undefined),
  retry: false,
});
const { user, system } = process.cpuUsage(began);
const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
const errors = result.errors.map(({ message, detail }) => `${message} ${detail}`);
process.stdout.write(
  JSON.stringify({ outcome: result.outcome, rows: result.rows, peak, errors, cpuSeconds: (user + system) / 1e6 }),
);
