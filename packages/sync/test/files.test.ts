import { rmSync } from 'node:fs';
import { describeDestination } from '@tidemark/sync/testing';
import { LocalPlace } from '../src/destinations/files/local-place.ts';
import { files } from '../src/destinations/files.ts';
import { temporaryFolder } from './duckdb-file.ts';
import { readStream } from './files-reader.ts';

const folder = temporaryFolder();
let places = 0;

/** As if the holder had said nothing for longer than its lease. */
async function expireLease(place: string, connection: string): Promise<void> {
  const lease = new LocalPlace(place);
  const path = `_tidemark/${connection}/lease.json`;
  const { text, version } = (await lease.read(path))!;
  await lease.replace(path, JSON.stringify({ ...(JSON.parse(text) as object), expires: 1 }), version);
}

for (const format of ['parquet', 'jsonl'] as const)
  describeDestination(`files (${format})`, {
    place: async () => `${folder}/place-${++places}`,
    destination: (place) => files(place, { format }),
    read: (place, stream) => readStream(place, stream),
    cannot: format === 'jsonl' ? { retype: 'lines stay as they were written' } : {},
    expireLease,
    async drop(place, stream) {
      rmSync(`${place}/${stream}`, { recursive: true });
    },
  });
