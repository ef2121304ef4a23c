import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { type BuildContext, component, field } from '../../component/index.js';
import { type ComponentsResolver, componentsResolverSlot } from '../resolvers/slot.js';
import { type DeclarativeStream, dynamicStreamSlot, type StreamSource, streamSlot } from './slot.js';

export const dynamicDeclarativeStream = component('DynamicDeclarativeStream', {
  slot: dynamicStreamSlot,
  doc: 'Streams that are made at run time: a template, and a resolver that says what is filled into it for each stream.',
  fields: {
    name: field.string().optional().doc('The name of the entry, by which a check can mean it.').example('tables'),
    stream_template: field.lazy(streamSlot).defaultType('DeclarativeStream').doc('What the streams have in common.'),
    components_resolver: field
      .slot(componentsResolverSlot)
      .defaultType('ConfigComponentsResolver')
      .doc('Says which streams there are, and what is filled into the template.'),
    use_parent_parameters: field
      .boolean()
      .default(true)
      .doc(
        'True: where `$parameters` of the template and of a component inside it have one name, the outer one counts.',
      ),
  },
  examples: [
    {
      type: 'DynamicDeclarativeStream',
      name: 'tables',
      stream_template: { $ref: '#/definitions/table_stream' },
      components_resolver: {
        type: 'HttpComponentsResolver',
        retriever: { $ref: '#/definitions/tables_retriever' },
        components_mapping: [
          { type: 'ComponentMappingDefinition', field_path: ['name'], value: "{{ components_values['name'] }}" },
        ],
      },
    },
  ],
  build({ fields, raw, context }): StreamSource {
    const template = raw.stream_template as JsonObject;
    return {
      streams: (signal = new AbortController().signal) =>
        makeStreams(template, fields.components_resolver, {
          context,
          signal,
          parentWins: fields.use_parent_parameters,
        }),
    };
  },
});

interface MakeOptions {
  context: BuildContext;
  signal: AbortSignal;
  parentWins: boolean;
}

async function makeStreams(
  template: JsonObject,
  resolver: ComponentsResolver,
  options: MakeOptions,
): Promise<DeclarativeStream[]> {
  const { context, signal, parentWins } = options;
  const streams: DeclarativeStream[] = [];
  const names = new Set<string>();
  for await (const filled of resolver.resolve(template, signal)) {
    const tree = context.propagate({ type: 'DeclarativeStream', ...filled, ...nameOf(filled) }, { parentWins });
    for (const stream of await context.builder.build(tree, streamSlot, context).streams(signal)) {
      if (names.has(stream.name)) {
        throw new ConnectorError(
          resolver.blames,
          `Two dynamic streams have the name '${stream.name}'${resolver.blames === 'config' ? ': please check the configuration' : ''}.`,
        );
      }
      names.add(stream.name);
      streams.push(stream);
    }
  }
  return streams;
}

/** A name that came out as a number is one all the same. Throws ConnectorError (system) when there is none. */
function nameOf(stream: JsonObject): { name?: string } {
  const name: Json | undefined = stream.name;
  if (typeof name === 'string') return {};
  if (typeof name === 'number' || typeof name === 'bigint' || typeof name === 'boolean') return { name: String(name) };
  throw new ConnectorError('system', `A dynamic stream has no name: its resolver must fill 'name' with text.`);
}
