import { component, field } from '../../component/index.js';
import {
  propertyChunksSlot,
  propertySelectorSlot,
  propertySourceSlot,
  type QueryProperties,
  queryPropertiesSlot,
} from './slot.js';

export const queryProperties = component('QueryProperties', {
  slot: queryPropertiesSlot,
  doc: 'Which properties the API is asked for, where it must be told. As the value of a request parameter they are put there, with commas; elsewhere templates read `query_properties`.',
  fields: {
    property_list: field
      .either(field.list(field.string()), field.slot(propertySourceSlot).defaultType('PropertiesFromEndpoint'))
      .doc('The properties, or where the API lists them.')
      .example(['name', 'email', 'created_at']),
    always_include_properties: field
      .list(field.string())
      .default([])
      .doc('Properties of every request.')
      .example(['id']),
    property_chunking: field
      .slot(propertyChunksSlot)
      .optional()
      .defaultType('PropertyChunking')
      .doc(
        'How many properties a request may ask for. With several requests for a page, the parts of each record are put together.',
      ),
    property_selector: field
      .slot(propertySelectorSlot)
      .optional()
      .defaultType('JsonSchemaPropertySelector')
      .doc('Leaves out properties that the catalog does not have.'),
  },
  examples: [{ type: 'QueryProperties', property_list: ['name', 'email'], always_include_properties: ['id'] }],
  build({ fields }): QueryProperties {
    const {
      property_list: list,
      always_include_properties: always,
      property_chunking: chunking,
      property_selector: selector,
    } = fields;
    return {
      async chunks(schema, signal) {
        const properties = Array.isArray(list) ? list : await list.properties(signal);
        const wanted = schema && selector?.select(schema);
        if (chunking) return chunking.cut(properties, always, wanted);
        return [[...always, ...(wanted ? properties.filter((property) => wanted.has(property)) : properties)]];
      },
      mergeKey: (record) => chunking?.mergeKey(record),
    };
  },
});
