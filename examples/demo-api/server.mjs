// A small API to try things on: cursor, offset and page pagination, an incremental collection, and one below another.
import { createServer } from 'node:http';
import { createFaults } from './faults.mjs';
import { FULL_SIZES, makers } from './records.mjs';

const PAGE_MAX = 1000;

/** JSON with bigint written as the integer that it is. */
function exact(body) {
  try {
    return JSON.stringify(body);
  } catch {
    const marked = JSON.stringify(body, (_key, item) => (typeof item === 'bigint' ? { $: String(item) } : item));
    return marked.replace(/\{"\$":"(\d+)"\}/g, '$1');
  }
}

function slice(total, start, limit, make) {
  const end = Math.min(total, start + limit);
  const items = [];
  for (let i = start; i < end; i++) items.push(make(i));
  return items;
}

function limitOf(query, name) {
  return Math.min(PAGE_MAX, Math.max(1, Number(query.get(name) ?? 100)));
}

function afterOf(query) {
  const after = query.get('after');
  return after ? Number(Buffer.from(after, 'base64url').toString().slice(3)) : 0;
}

const cursorOf = (index) => Buffer.from(`at:${index}`).toString('base64url');

function cursorPage(total, query, make, first = 0) {
  const start = Math.max(afterOf(query), first);
  const limit = limitOf(query, 'limit');
  const data = slice(total, start, limit, make);
  const next = start + data.length;
  return { data, next_cursor: next < total ? cursorOf(next) : null };
}

/** The first order whose `updated_at` is at or after the text; orders are sorted by it. */
function firstAtOrAfter(size, make, text) {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (make(middle).updated_at < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function collections(sizes) {
  const order = (i) => makers.orders(i, sizes.orders);
  return {
    customers: (query) => cursorPage(sizes.customers, query, makers.customers),
    products: (query) => {
      const items = slice(sizes.products, Number(query.get('offset') ?? 0), limitOf(query, 'limit'), makers.products);
      return { items, total: sizes.products };
    },
    berths: (query) => {
      const limit = limitOf(query, 'per_page');
      const page = Number(query.get('page') ?? 1);
      return { page, results: slice(sizes.berths, (page - 1) * limit, limit, makers.berths) };
    },
    orders: (query) => {
      const since = firstAtOrAfter(sizes.orders, order, query.get('updated_since') ?? '');
      const until = query.get('updated_until');
      // Both bounds are included, as most APIs do it.
      const end = until ? firstAtOrAfter(sizes.orders, order, `${until}~`) : sizes.orders;
      return cursorPage(end, query, order, since);
    },
    regions: () => ({ data: slice(sizes.regions, 0, sizes.regions, makers.regions) }),
    deliveries: (query, region) => {
      const limit = limitOf(query, 'per_page');
      const page = Number(query.get('page') ?? 1);
      const make = (i) => makers.deliveries(region, i);
      return { results: slice(sizes.deliveries_per_region, (page - 1) * limit, limit, make) };
    },
  };
}

function route(serve, path, query) {
  const match = /^\/v1\/(?:regions\/(\d+)\/(deliveries)|(customers|products|berths|orders|regions))$/.exec(path);
  if (!match) return undefined;
  return match[3] ? serve[match[3]](query) : serve.deliveries(query, Number(match[1]));
}

/**
 * Starts the API on a free port (or `port`). `log` has every request that was answered, in order:
 * `{ path, status, records }`; `onAnswer` hears of each before it is sent.
 */
export async function startDemoApi({
  port = 0,
  sizes = {},
  token = 'demo-token',
  faultsEvery = 25,
  onAnswer = () => {},
} = {}) {
  const serve = collections({ ...FULL_SIZES, ...sizes });
  const faults = createFaults(faultsEvery);
  const log = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const send = (status, body, headers = {}) => {
      const records = status === 200 ? (body.data ?? body.items ?? body.results).length : 0;
      const entry = { path: request.url ?? '/', status, records };
      log.push(entry);
      onAnswer(entry);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(exact(body));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return send(401, { error: 'This token is not known.' });
    const fault = faults(request.url ?? '/');
    if (fault === 429) return send(429, { error: 'Too many requests.' }, { 'retry-after': '1' });
    if (fault === 500) return send(500, { error: 'Something broke.' });
    const body = route(serve, url.pathname, url.searchParams);
    return body ? send(200, body) : send(404, { error: 'There is nothing here.' });
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
