// The yardstick: undici, JSON.parse, JSON.stringify, and nothing else. node bare.mjs URL TOTAL FILE
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';

const { request } = createRequire(new URL('../../packages/declarative/package.json', import.meta.url))('undici');
const [, , url, total, file] = process.argv;
const out = createWriteStream(file);
for (let page = 1; ; page++) {
  const { body } = await request(`${url}/customers?page=${page}&per_page=1000&total=${total}`);
  const { data } = JSON.parse(await body.text());
  let text = '';
  for (const item of data) {
    text += `${JSON.stringify({ type: 'RECORD', record: { stream: 'customers', data: item, emitted_at: Date.now() } })}\n`;
  }
  if (!out.write(text)) await new Promise((resolve) => out.once('drain', resolve));
  if (data.length < 1000) break;
}
await new Promise((resolve) => out.end(resolve));
process.exit();
