import { component, type Expression, field } from '../../component/index.js';
import { isContainer, Path } from '../../component/path.js';
import { changeRecord } from './change-record.js';
import { type Transformation, transformationSlot } from './slot.js';

export const removeFields = component('RemoveFields', {
  slot: transformationSlot,
  doc: 'Removes fields from records. A field that is not there is no error.',
  fields: {
    field_pointers: field
      .list(field.list(field.either(field.string(), field.integer())))
      .doc(
        'The path of each field; `*` is any key or item, `**` any depth. The last item of a list goes, others become null.',
      )
      .example([['tags'], ['content', 'html']], [['**', 'internal_id']]),
    condition: field
      .template({ scope: ['property'], allow: ['boolean'] })
      .default('')
      .doc('Of the fields that the paths lead to, removes only the values (no objects, no lists) for which this holds.')
      .example("{{ property|string == '' }}", '{{ property is integer }}'),
  },
  examples: [{ type: 'RemoveFields', field_pointers: [['tags'], ['content', 'html']] }],
  build: ({ fields }): Transformation => {
    const pointers = fields.field_pointers.map((pointer) => pointer.map(String));
    const test = fields.condition.source.trim() === '' ? undefined : valueTest(fields.condition);
    const names = pointers.every((pointer) => pointer.length === 1 && new Path(pointer).isPlain);
    if (names && !test) return { transform: removeNames(pointers.map((pointer) => pointer[0]!)) };
    const paths = pointers.map((pointer) => new Path(pointer));
    return {
      transform: (record) => {
        for (const path of paths) changeRecord(record, path.without(record, test));
      },
    };
  },
});

function removeNames(names: readonly string[]): Transformation['transform'] {
  return (record) => {
    for (const name of names) if (Object.hasOwn(record, name)) delete record[name];
  };
}

function valueTest(condition: Expression): (value: unknown) => boolean {
  return (property) => !isContainer(property) && condition.isTrue({ property });
}
