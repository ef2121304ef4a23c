import { component, type Expression, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { type RecordExpander, recordExpanderSlot } from './expander-slot.js';
import { extraction } from './records.js';
import { type Extraction, type Extractor, extractorSlot } from './slot.js';

/** Finds records at a path of the body. */
class PathExtractor implements Extractor {
  private path: Path | undefined;
  private pathText = '';
  constructor(
    private readonly segments: readonly Expression[],
    private readonly expander: RecordExpander | undefined,
  ) {
    if (segments.every((segment) => segment.isConstant)) this.path = this.currentPath();
  }

  extract(bodies: readonly unknown[], signal: AbortSignal): Extraction | Promise<Extraction> {
    const records = this.found(bodies);
    if (!this.expander) return extraction(records);
    const expanded = this.expander.expand(records, signal);
    return expanded instanceof Promise ? expanded.then(extraction) : extraction(expanded);
  }

  values(bodies: readonly unknown[], signal: AbortSignal): readonly unknown[] | Promise<readonly unknown[]> {
    const values = this.found(bodies);
    return this.expander ? this.expander.expand(values, signal) : values;
  }

  private found(bodies: readonly unknown[]): readonly unknown[] {
    const path = this.segments.length === 0 ? undefined : this.currentPath();
    if (path === undefined) return wholeBodies(bodies);
    return bodies.length === 1 ? at(path, bodies[0]) : atEach(path, bodies);
  }

  /** The path under the configuration as it is now. */
  private currentPath(): Path {
    if (this.path && this.segments.every((segment) => segment.isConstant)) return this.path;
    const segments = this.segments.map((segment) => segment.text());
    const text = segments.join('\u0000');
    if (!this.path || text !== this.pathText) {
      this.path = new Path(segments);
      this.pathText = text;
    }
    return this.path;
  }
}

/** No path: a body is a record, or a list of them. */
function wholeBodies(bodies: readonly unknown[]): readonly unknown[] {
  if (bodies.length === 1 && Array.isArray(bodies[0])) return bodies[0];
  return bodies.some(Array.isArray) ? bodies.flat(1) : bodies;
}

function atEach(path: Path, bodies: readonly unknown[]): unknown[] {
  const records: unknown[] = [];
  for (const body of bodies) for (const record of at(path, body)) records.push(record);
  return records;
}

/** A list is its items; one object is one record; nothing, `{}` and other empty values in place of a list are none. */
function at(path: Path, body: unknown): readonly unknown[] {
  if (!path.isPlain) {
    const found = path.values(body);
    return found.some(Array.isArray) ? found.flat(1) : found;
  }
  const found = path.get(body);
  if (Array.isArray(found)) return found;
  const isNothing = found === undefined || found === null || found === '' || found === false || found === 0;
  return isNothing || (typeof found === 'object' && Object.keys(found).length === 0) ? [] : [found];
}

export const dpathExtractor = component('DpathExtractor', {
  slot: extractorSlot,
  doc: 'Takes the records from a path of the decoded body. A list gives its items, an object is one record.',
  fields: {
    field_path: field
      .list(field.template())
      .doc(
        'Keys from the top of the body down to the records; `*` is every item, `**` any depth. Empty: the body itself.',
      )
      .example(['data'], ['data', '*', 'record'], ['{{ parameters.name }}']),
    record_expander: field
      .slot(recordExpanderSlot)
      .optional()
      .defaultType('RecordExpander')
      .doc('Makes records of the items of a list inside each record.'),
  },
  examples: [{ type: 'DpathExtractor', field_path: ['data', 'items'] }],
  build: ({ fields }) => new PathExtractor(fields.field_path, fields.record_expander),
});
