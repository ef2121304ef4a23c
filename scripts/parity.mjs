// Compares our generated schema with that of an installed airbyte-cdk, word by word, and writes schemas/parity.md.
//   pnpm parity [--cdk PATH]   PATH: declarative_component_schema.yaml; by default asked of $TIDEMARK_CDK_PYTHON or python3.
// Every difference needs a reason in scripts/parity-reasons.json; one without a reason exits 1. `--check` writes nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { languageSchema } from '../packages/declarative/dist/generate.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { load } = createRequire(`${root}packages/declarative/package.json`)('js-yaml');
const given = process.argv.indexOf('--cdk');
const schemaPath = given > 0 ? process.argv[given + 1] : installed();
const reference = load(readFileSync(schemaPath, 'utf8'));
const theirs = {
  ...reference.definitions,
  DeclarativeSource: { properties: reference.properties, required: reference.required },
};
const { definitions: ours } = languageSchema();
const reasonsPath = `${root}scripts/parity-reasons.json`;
const reasons = existsSync(reasonsPath) ? JSON.parse(readFileSync(reasonsPath, 'utf8')) : {};
const differences = [];

/** Where the reference keeps its schema. */
function installed() {
  const python = process.env.TIDEMARK_CDK_PYTHON ?? 'python3';
  const code =
    'import airbyte_cdk, os; print(os.path.join(os.path.dirname(airbyte_cdk.__file__), "sources/declarative/declarative_component_schema.yaml"))';
  try {
    return execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim();
  } catch {
    console.error(
      'No airbyte-cdk found: install airbyte-cdk==7.39.1 into a virtual environment and set TIDEMARK_CDK_PYTHON to its python.',
    );
    process.exit(2);
  }
}

const note = (where, what) => differences.push({ where, what, reason: reasonFor(where) });
function reasonFor(where) {
  return reasons[where] ?? reasons[`${where.split('.')[0]}.*`] ?? reasons[`*.${where.split('.')[1]}`];
}
/** Definitions that are components: those with a `type` field of one value. */
function components(definitions) {
  const found = new Map();
  for (const [name, definition] of Object.entries(definitions)) {
    const type = definition.properties?.type;
    const value = type?.const ?? (type?.enum?.length === 1 ? type.enum[0] : undefined);
    // A few definitions name no type of their own: they go by their name.
    const own = value ?? (definition.properties ? name : undefined);
    if (own) found.set(own, { name, ...definition });
  }
  return found;
}
const scalarDefault = (field) => (field && 'default' in field ? JSON.stringify(field.default) : undefined);
const enumOf = (field) => field?.enum ?? field?.anyOf?.find((one) => one.enum)?.enum;

const mine = components(ours);
for (const [type, there] of components(theirs)) {
  const word = mine.get(type);
  if (!word) {
    note(type, 'missing here');
    continue;
  }
  for (const [name, field] of Object.entries(there.properties)) {
    if (name === 'type' || name === '$parameters') continue;
    const own = word.properties[name];
    const where = `${type}.${name}`;
    if (!own) {
      note(where, 'field missing here');
      continue;
    }
    const isNeeded = (list) => (list ?? []).includes(name);
    if (isNeeded(there.required) !== isNeeded(word.required))
      note(where, isNeeded(there.required) ? 'needed there, not here' : 'needed here, not there');
    const [a, b] = [scalarDefault(field), scalarDefault(own)];
    if (a !== undefined && b !== undefined && a !== b) note(where, `default ${a} there, ${b} here`);
    if (a !== undefined && b === undefined && !['""', '[]', 'false', 'null'].includes(a))
      note(where, `default ${a} there, none here`);
    const [valuesThere, valuesHere] = [enumOf(field), enumOf(own)];
    if (valuesThere && JSON.stringify([...valuesThere].sort()) !== JSON.stringify([...(valuesHere ?? [])].sort()))
      note(where, `values ${valuesThere.join(', ')} there, ${(valuesHere ?? ['any']).join(', ')} here`);
  }
  for (const name of Object.keys(word.properties))
    if (!(name in there.properties) && name !== '$parameters') note(`${type}.${name}`, 'field of ours alone');
}
for (const type of mine.keys()) if (!components(theirs).has(type)) note(type, 'word of ours alone');

const open = differences.filter((difference) => !difference.reason);
const rows = differences.map(
  ({ where, what, reason }) => `| \`${where}\` | ${what} | ${reason ?? '**no reason given**'} |`,
);
const text = `# Parity with airbyte-cdk 7.39.1\n\nWritten by \`pnpm parity\`: ${components(theirs).size} components there, ${mine.size} here, ${differences.length} differences.\n\n| where | difference | reason |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
if (!process.argv.includes('--check')) writeFileSync(`${root}schemas/parity.md`, text);
for (const { where, what } of open) console.error(`${where}: ${what}`);
console.log(`${differences.length - open.length} differences with a reason, ${open.length} without`);
process.exit(open.length ? 1 : 0);
