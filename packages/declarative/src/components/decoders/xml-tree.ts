import type { Json, JsonObject } from '@tidemark/protocol';
import { setKey } from '../../component/path.js';

const DEPTH_MAX = 1_000;

interface Element {
  name: string;
  fields: JsonObject | undefined;
  text: string;
}

/**
 * An XML document as JSON: `<a x="1"><b>2</b><b/></a>` is `{ a: { '@x': '1', b: ['2', null] } }`. Text loses the space around
 * it; comments and processing instructions are left out. Throws Error when the document is not well formed, refers to
 * entities other than the five of XML, or is nested too deeply.
 */
export async function readXml(text: string): Promise<JsonObject> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser();
  const root: Element = { name: '', fields: undefined, text: '' };
  const open: Element[] = [root];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length > DEPTH_MAX) throw new Error(`Elements are nested more than ${DEPTH_MAX} deep.`);
    const element: Element = { name, fields: undefined, text: '' };
    for (const [key, value] of Object.entries(attributes)) add(element, `@${key}`, String(value));
    open.push(element);
  });
  const addText = (piece: string): void => {
    open[open.length - 1]!.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    const content = element.text.trim() || null;
    if (element.fields && content) add(element, '#text', content);
    add(open[open.length - 1]!, element.name, element.fields ?? content);
  });
  parser.write(text).close();
  return root.fields ?? {};
}

function add(element: Element, key: string, value: Json): void {
  element.fields ??= {};
  const { fields } = element;
  const there = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (Array.isArray(there)) there.push(value);
  else setKey(fields as Record<string, unknown>, key, there === undefined ? value : [there, value]);
}
