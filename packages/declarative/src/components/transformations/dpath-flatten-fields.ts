import { Decimal } from '@tidemark/protocol';
import { component, field } from '../../component/index.js';
import { Path } from '../../component/path.js';
import { changeRecord, replaceRecord } from './change-record.js';
import { keyTransformationSlot } from './key-transformation-slot.js';
import { renameKeys } from './rename-keys.js';
import { type Transformation, transformationSlot } from './slot.js';

export const dpathFlattenFields = component('DpathFlattenFields', {
  slot: transformationSlot,
  doc: 'Brings the fields of one nested object to the top of the record. Nothing happens where a name is taken already.',
  fields: {
    field_path: field
      .list(field.template())
      .doc('Where the object is; `*` is any key or item, and the first that is found counts.')
      .example(['data'], ['data', '*', 'field']),
    delete_origin_value: field.boolean().default(false).doc('Removes the object from where it was.'),
    replace_record: field.boolean().default(false).doc('The fields of the object are all that stays of the record.'),
    key_transformation: field
      .slot(keyTransformationSlot)
      .optional()
      .defaultType('KeyTransformation')
      .doc('Gives the fields that are brought up other names.'),
  },
  examples: [{ type: 'DpathFlattenFields', field_path: ['properties'], delete_origin_value: true }],
  build: ({ fields }): Transformation => {
    const { key_transformation: rename, delete_origin_value: deletes, replace_record: replaces } = fields;
    let path: Path | undefined;
    return {
      transform: (record) => {
        path ??= new Path(fields.field_path.map((segment) => segment.text()));
        const found = path.values(record)[0];
        if (typeof found !== 'object' || found === null || Array.isArray(found) || Decimal.is(found)) return;
        const object = found as Record<string, unknown>;
        const raised = rename ? renameKeys(object, rename, 'top') : { ...object };
        if (replaces && Object.keys(raised).length > 0) return replaceRecord(record, raised);
        if (Object.keys(raised).some((key) => Object.hasOwn(record, key))) return;
        changeRecord(record, { ...(deletes ? path.without(record) : record), ...raised });
      },
    };
  },
});
