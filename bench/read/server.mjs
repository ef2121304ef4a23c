// A local API for the benchmark: pages of 1,000 records of about 350 bytes. Prints its port.
import { createServer } from 'node:http';

const PAGE = 1000;
const record = (i) => ({
  id: '#',
  name: `Customer number ${i}`,
  email: `customer.${i}@example.com`,
  active: i % 3 !== 0,
  balance: i * 1.25,
  orders: i % 90,
  created_at: '2024-03-01T10:20:30Z',
  updated_at: '2024-06-01T10:20:30Z',
  city: 'Valparaíso',
  tags: ['north', 'wholesale'],
  note: 'Prefers deliveries in the morning, before the tide turns.',
  address: { street: `${i} Quay Street`, zip: '10115', country: 'PT' },
});
// Every page is the same text with other ids: making it costs this process next to nothing.
const pieces = JSON.stringify({ data: Array.from({ length: PAGE }, (_, i) => record(i)) }).split('"#"');

function body(page, total) {
  const first = (page - 1) * PAGE;
  if (first >= total) return '{"data":[]}';
  let text = pieces[0];
  for (let i = 1; i <= PAGE; i++) text += first + i + pieces[i];
  return text;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const text = body(Number(url.searchParams.get('page') ?? 1), Number(url.searchParams.get('total')));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
