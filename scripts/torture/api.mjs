import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { random } from './random.mjs';

/** Rows of a collection that does not grow. */
export const ROWS = 240;
const GROWTH = 70;
const REGIONS = ['north', 'south', 'east', 'west'];
const START = Date.parse('2024-01-01T00:00:00Z');

/** Rows of one that grows from job to job. */
export function grown(job) {
  return ROWS + (job - 1) * GROWTH;
}

const row = (id) => ({ id, name: `row ${id}`, amount: id / 4, note: id % 5 === 0 ? null : `n${id}` });
// Ten minutes apart: even a thousand kills grow the collection by less than the year that the manifest asks for.
const times = (id) => new Date(START + id * 600_000 + 1_000).toISOString().replace('.000Z', 'Z');

/**
 * An API with every usual way of paging, on a free port of this machine. `job` says how much there is by now; answers take a
 * seeded moment each, so that a kill can hit anywhere.
 */
export async function startApi(seed) {
  const next = random(seed);
  const api = { job: 1, url: '', close: () => undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://api');
    const body = JSON.stringify(answer(url.pathname, url.searchParams, api.job));
    if (next() < 0.5) await sleep(next() * 8);
    response.setHeader('content-type', 'application/json');
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  api.url = `http://127.0.0.1:${server.address().port}`;
  api.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return api;
}

function answer(path, query, job) {
  const number = (name, otherwise) => Number(query.get(name) ?? otherwise);
  const size = number('limit', 20);
  const all = (count) => Array.from({ length: count }, (_, index) => row(index + 1));
  const [, collection, region] = path.split('/');
  if (collection === 'pages')
    return { data: all(ROWS).slice((number('page', 1) - 1) * size, number('page', 1) * size) };
  if (collection === 'offsets') return { data: all(ROWS).slice(number('offset', 0), number('offset', 0) + size) };
  if (collection === 'whole') return { data: all(ROWS) };
  if (collection === 'regions') return { data: REGIONS.map((id) => ({ id })) };
  if (collection === 'region') {
    const rows = all(ROWS).filter(({ id }) => REGIONS[id % REGIONS.length] === region);
    return { data: rows.slice(number('offset', 0), number('offset', 0) + size) };
  }
  // Inclusive, as most are: what lies at the last value comes again in each job.
  const from = query.has('since') ? Date.parse(query.get('since')) : -Infinity;
  const to = query.has('until') ? Date.parse(query.get('until')) : Infinity;
  const rows = all(collection === 'cursors' ? ROWS : grown(job))
    .map((one) => ({ ...one, updated_at: times(one.id) }))
    .filter(({ updated_at }) => Date.parse(updated_at) >= from && Date.parse(updated_at) <= to);
  const after = number('after', 0);
  const found = rows.filter(({ id }) => id > after);
  const data = found.slice(0, size);
  return { data, next: found.length > size ? data.at(-1).id : null };
}
