import type { Json } from '@tidemark/protocol';
import type { ComponentDefinition } from '../component/define.js';
import type { Field } from '../component/field.js';
import type { Registry } from '../component/registry.js';

/** The reference page of a word, Markdown. */
export function componentPage(word: ComponentDefinition, registry: Registry): string {
  const lines = [`# ${word.type}`, '', word.doc, ''];
  if (word.deprecated) lines.push(`> Deprecated: ${word.deprecated}`, '');
  lines.push(`Slot: ${word.slot.name}.`, '');
  const fields = Object.entries(word.fields);
  if (fields.length) {
    lines.push('| field | holds | needed | default | meaning |', '| --- | --- | --- | --- | --- |');
    for (const [name, field] of fields) lines.push(fieldRow(name, field, registry));
    lines.push('');
  }
  if (word.open) lines.push('Any other field is the component’s own.', '');
  const scopes = fields.filter(([, field]) => field.facts.scope?.length);
  if (scopes.length) {
    lines.push('Names that templates may read besides `config` and `parameters`:', '');
    for (const [name, field] of scopes)
      lines.push(`- \`${name}\`: ${field.facts.scope!.map((scope) => `\`${scope}\``).join(', ')}`);
    lines.push('');
  }
  const examples = fields.flatMap(([name, field]) => field.facts.examples.map((example) => ({ [name]: example })));
  const shown: unknown[] = [...(word.examples ?? []), ...(word.examples?.length ? [] : examples.slice(0, 4))];
  if (shown.length) {
    lines.push(shown.length === 1 ? '## Example' : '## Examples', '');
    for (const example of shown) lines.push('```yaml', toYaml(example as Json, 0).trimEnd(), '```', '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The list of all words by slot. */
export function componentIndex(registry: Registry): string {
  const bySlot = new Map<string, ComponentDefinition[]>();
  for (const word of registry.words) bySlot.set(word.slot.name, [...(bySlot.get(word.slot.name) ?? []), word]);
  const lines = ['# The words of the language', ''];
  for (const [slot, words] of [...bySlot].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`## ${slot}`, '');
    for (const word of words) lines.push(`- [${word.type}](${word.type}.md): ${firstSentence(word.doc)}`);
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text;
}

function fieldRow(name: string, field: Field<unknown>, registry: Registry): string {
  const { facts } = field;
  const words = facts.slots.flatMap((slot) => registry.wordsOf(slot).map((word) => `[${word.type}](${word.type}.md)`));
  const schema = field.schema({ slot: () => ({ type: 'component' }) });
  const holds = words.length ? unique(words).join(', ') : describe(schema as Json);
  const meaning = [facts.doc, facts.deprecated && `Deprecated: ${facts.deprecated}`].filter(Boolean).join(' ');
  const preset = facts.default === undefined ? '' : `\`${JSON.stringify(facts.default)}\``;
  return `| \`${name}\` | ${holds} | ${facts.isOptional ? '' : 'yes'} | ${cell(preset)} | ${cell(meaning)} |`;
}

const unique = (list: string[]): string[] => [...new Set(list)];
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function describe(schema: Json): string {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema) || 'text' in schema) return 'anything';
  const node = schema as Record<string, Json | undefined>;
  if (Array.isArray(node.enum)) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (Array.isArray(node.anyOf)) return unique(node.anyOf.map(describe)).join(' or ');
  if (node.type === 'array') return `list of ${describe((node.items ?? {}) as Json)}`;
  if (node['x-interpolated']) return 'template';
  if (Array.isArray(node.type)) return node.type.join(' or ');
  return typeof node.type === 'string' ? node.type : 'anything';
}

/** Plain YAML for examples: block style, text quoted where it must be. */
export function toYaml(value: Json, indent: number): string {
  const pad = '  '.repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]\n`;
    return value.map((item) => `${pad}- ${toYaml(item, indent + 1).trimStart()}`).join('');
  }
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value as Record<string, Json>);
    if (entries.length === 0) return `${pad}{}\n`;
    return entries
      .map(([key, item]) => {
        const isBlock = item !== null && typeof item === 'object' && Object.keys(item).length > 0;
        return isBlock
          ? `${pad}${scalar(key)}:\n${toYaml(item, indent + 1)}`
          : `${pad}${scalar(key)}: ${toYaml(item, 0)}`;
      })
      .join('');
  }
  return `${pad}${scalar(value)}\n`;
}

function scalar(value: Json): string {
  if (typeof value !== 'string') return String(value);
  const isPlain =
    /^[A-Za-z_][\w ./-]*$/.test(value) &&
    !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value) &&
    !value.endsWith(' ');
  return isPlain ? value : JSON.stringify(value);
}
