import { spendSize } from '../budget.js';
import { intArgument } from '../methods/arguments.js';
import { truth } from '../operations/truth.js';
import { Markup } from '../values/markup.js';

const WORDS =
  'ante arcu augue bibendum cras diam dictum dolor donec duis eget elit enim erat felis lorem magna massa nulla purus quam risus sapien sem tempor urna velit vitae'.split(
    ' ',
  );
const pick = (from: number, to: number) => from + Math.floor(Math.random() * Math.max(1, to - from));

/** Paragraphs of random words, as HTML or as plain text. */
export function lipsum([count, html, min, max]: unknown[]): unknown {
  const paragraphs = intArgument(count, 5);
  const [least, most] = [intArgument(min, 20), intArgument(max, 100)];
  spendSize(Math.max(0, paragraphs) * Math.max(1, most) * 8);
  const texts = Array.from({ length: Math.max(0, paragraphs) }, () => paragraph(pick(least, most)));
  if (html !== undefined && !truth(html)) return texts.join('\n\n');
  return new Markup(texts.map((text) => `<p>${text}</p>`).join('\n'));
}

function paragraph(length: number): string {
  const words = Array.from({ length: Math.max(1, length) }, () => WORDS[pick(0, WORDS.length)] ?? '');
  const text = words.join(' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
