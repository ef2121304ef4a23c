import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { decode } from '../decoders/decode.js';
import { serve } from '../http/local-server.js';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-xml-'));
afterAll(() => rmSync(folder, { recursive: true }));
const raw = { type: 'XmlDecoder' };

/** What a document becomes, or what is said of it. */
async function outcome(document: string): Promise<string> {
  try {
    return JSON.stringify(await decode(raw, document));
  } catch (error) {
    return String(error);
  }
}

it('entities that a document defines are not expanded', async () => {
  const said = await outcome('<!DOCTYPE a [<!ENTITY e "expan" >]><a><b>&e;ded</b></a>');
  expect(said).not.toContain('expanded');
});

it('a billion laughs are not one', async () => {
  const laughs = Array.from({ length: 12 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const said = await outcome(`<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l12;</a>`);
  expect(said).not.toContain('haha');
  expect(said.length).toBeLessThan(10_000);
});

it('files are not read', async () => {
  const secret = join(folder, 'secret.txt');
  writeFileSync(secret, 'the secret of the file');
  for (const uri of [secret, pathToFileURL(secret).href])
    expect(await outcome(`<!DOCTYPE a [<!ENTITY e SYSTEM "${uri}">]><a>&e;</a>`)).not.toContain('the secret');
});

it('nothing is fetched', async () => {
  const server = await serve((_request, response) => response.end('fetched'));
  await outcome(`<!DOCTYPE a SYSTEM "${server.url}/a.dtd" [<!ENTITY % p SYSTEM "${server.url}/p"> %p;]><a/>`);
  await outcome(`<!DOCTYPE a [<!ENTITY e SYSTEM "${server.url}/e">]><a>&e;</a>`);
  await outcome(`<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="${server.url}/x"/></a>`);
  await server.close();
  expect(server.asked).toEqual([]);
});

it('elements within elements without end are refused, not a crash', async () => {
  const depth = 100_000;
  expect(await outcome(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`)).toMatch(/^ConnectorError/);
});

it('a name that objects inherit is a field like any other', async () => {
  await outcome('<__proto__><polluted>1</polluted></__proto__>');
  await outcome('<a><constructor><prototype><polluted>1</polluted></prototype></constructor></a>');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
