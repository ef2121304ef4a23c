import { existsSync } from 'node:fs';
import { duckdb } from '@tidemark/sync';
import { describeDestination, type ReadRow } from '@tidemark/sync/testing';
import { query, temporaryFolder } from './duckdb-file.ts';

const folder = temporaryFolder();
let places = 0;

describeDestination('duckdb', {
  place: async () => `${folder}/place-${++places}.duckdb`,
  hasEnds: true,
  cannot: { 'look while it is written': 'a DuckDB file is open to one process at a time' },
  async drop(place, stream) {
    await query(place, `DROP TABLE "${stream}"`);
  },
  destination: (place) => duckdb({ path: place }),
  async read(place, stream) {
    if (!existsSync(place)) return undefined;
    const found = await query(
      place,
      `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND table_name = '${stream}'`,
    );
    if (found.length === 0) return undefined;
    return (await query(
      place,
      `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM "${stream}" ORDER BY _airbyte_raw_id`,
    )) as ReadRow[];
  },
});
