import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { readSchemaFile } from './schema-file.js';
import { type SchemaLoader, schemaLoaderSlot } from './slot.js';

export const jsonFileSchemaLoader = component('JsonFileSchemaLoader', {
  slot: schemaLoaderSlot,
  doc: "The schema stands in a file of the connector's folder. References to other files of that folder are resolved.",
  fields: {
    file_path: field
      .template()
      .default("./schemas/{{ parameters['name'] }}.json")
      .doc("The file, from the connector's folder.")
      .example('./schemas/users.json'),
  },
  examples: [{ type: 'JsonFileSchemaLoader', file_path: './schemas/users.json' }],
  build: ({ fields, context }): SchemaLoader => {
    let schema: JsonObject | undefined;
    return {
      load: () => {
        const path = fields.file_path.text();
        schema ??= readSchemaFile(path, context.readFile);
        if (!schema) throw new ConnectorError('config', `The schema file ${path} is not in the connector's folder.`);
        return schema;
      },
    };
  },
});
