// A local API that takes 100 ms for each answer: 50 partitions of 5 pages of 100 records. Prints its port.
import { createServer } from 'node:http';

const PAGES = 5;
const LATENCY_MS = 100;
const records = Array.from({ length: 100 }, (_, i) => ({ id: i, name: `Row number ${i}`, amount: i * 1.25 }));
let inFlight = 0;
let peak = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/peak') {
    response.end(String(peak));
    peak = 0;
    return;
  }
  peak = Math.max(peak, ++inFlight);
  const page = Number(url.searchParams.get('page') ?? 1);
  const body = JSON.stringify({ data: records, next: page < PAGES ? page + 1 : null });
  setTimeout(() => {
    inFlight--;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  }, LATENCY_MS);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
