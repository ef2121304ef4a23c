import type { Json } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { setAtPath } from '../../component/set-at-path.js';
import { parentFieldSlot } from './parent-field-slot.js';
import { plainPath } from './plain-path.js';

export const parentFieldPath = component('ParentFieldPath', {
  slot: parentFieldSlot,
  doc: 'One value of a record that is copied onto each item that is made of it; null where the record has none.',
  fields: {
    parent_path: field
      .list(field.template())
      .doc('Where the value stands in the record.')
      .example(['id'], ['repository', 'name']),
    record_path: field
      .list(field.template())
      .doc('Where it goes in the item.')
      .example(['comment_id'], ['parent', 'id']),
  },
  examples: [{ type: 'ParentFieldPath', parent_path: ['url'], record_path: ['pull_request_url'] }],
  build: ({ fields }) => {
    const from = plainPath(fields.parent_path, 'parent_path').path;
    const to = plainPath(fields.record_path, 'record_path').segments;
    return (parent: RecordData, item: RecordData) => setAtPath(item, to, (from.get(parent) ?? null) as Json);
  },
});
