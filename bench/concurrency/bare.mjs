// The yardstick: undici with 25 requests in flight. node bare.mjs URL FILE
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';

const { request } = createRequire(new URL('../../packages/declarative/package.json', import.meta.url))('undici');
const [, , url, file] = process.argv;
const out = createWriteStream(file);
let next = 0;

async function worker() {
  while (next < 50) {
    const partition = next++;
    for (let page = 1; page <= 5; page++) {
      const { body } = await request(`${url}/rows?partition=${partition}&page=${page}&per_page=100`);
      const { data } = JSON.parse(await body.text());
      let text = '';
      for (const item of data)
        text += `${JSON.stringify({ type: 'RECORD', record: { stream: 'rows', data: item, emitted_at: Date.now() } })}\n`;
      out.write(text);
    }
  }
}

await Promise.all(Array.from({ length: 25 }, worker));
await new Promise((resolve) => out.end(resolve));
process.exit();
