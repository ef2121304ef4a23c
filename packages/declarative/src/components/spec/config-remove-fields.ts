import { component, field } from '../../component/index.js';
import { Path, setKey } from '../../component/path.js';
import { type ConfigTransformation, configTransformationSlot } from './slot.js';

export const configRemoveFields = component('ConfigRemoveFields', {
  slot: configTransformationSlot,
  doc: 'Removes fields from the configuration. A field that is not there is no error.',
  fields: {
    field_pointers: field
      .list(field.list(field.either(field.string(), field.integer())))
      .doc('The path of each field; `*` is any key or item. The last item of a list goes, others become null.')
      .example([['tags'], ['content', 'html']]),
    condition: field
      .template({ scope: ['property'], allow: ['boolean'] })
      .default('')
      .doc('Removes the fields only where this holds.')
      .example("{{ config['environment'] == 'sandbox' }}"),
  },
  examples: [{ type: 'ConfigRemoveFields', field_pointers: [['access_token'], ['options', 'legacy']] }],
  build({ fields }): ConfigTransformation {
    const condition = fields.condition.source.trim() === '' ? undefined : fields.condition;
    const paths = fields.field_pointers.map((pointer) => new Path(pointer.map(String)));
    return {
      transform(config) {
        if (condition && !condition.isTrue()) return;
        for (const path of paths) {
          const wanted = path.without(config);
          if (wanted === config) continue;
          for (const key of Object.keys(config)) if (!Object.hasOwn(wanted, key)) delete config[key];
          for (const key of Object.keys(wanted)) setKey(config, key, wanted[key]);
        }
      },
    };
  },
});
