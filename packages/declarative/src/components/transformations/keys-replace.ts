import { component, field } from '../../component/index.js';
import { replaceRecord } from './change-record.js';
import { renameKeys } from './rename-keys.js';
import { type Transformation, transformationSlot } from './slot.js';

const SCOPE = ['record', 'stream_slice', 'stream_partition', 'stream_interval'];

export const keysReplace = component('KeysReplace', {
  slot: transformationSlot,
  doc: 'Replaces a piece of text in the names of fields, in objects within objects too.',
  fields: {
    old: field
      .template({ scope: SCOPE })
      .doc('The text to replace.')
      .example(' ', '{{ record.id }}', "{{ config['id'] }}"),
    new: field.template({ scope: SCOPE }).doc('What stands in its place.').example('_', "{{ config['id'] }}"),
  },
  examples: [{ type: 'KeysReplace', old: ' ', new: '_' }],
  build: ({ fields }): Transformation => ({
    transform: (record, scope) => {
      const inner = fields.old.isConstant && fields.new.isConstant ? undefined : { ...scope, record };
      const old = fields.old.text(inner);
      const now = fields.new.text(inner);
      replaceRecord(
        record,
        renameKeys(record, (key) => key.replaceAll(old, () => now), 'deep'),
      );
    },
  }),
});
