import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { makeCustom } from '../../component/custom.js';
import { component, field } from '../../component/index.js';
import { cartesianProduct } from '../partition-routers/cartesian-product.js';
import { type PartitionRouter, partitionRouterSlot } from '../partition-routers/slot.js';
import { type Retriever, retrieverSlot } from './slot.js';

/** What the author's class must have: `pages`. The rest follows from the manifest where it is missing. */
type OwnRetriever = Pick<Retriever, 'pages'> & Partial<Retriever>;

export const customRetriever = component('CustomRetriever', {
  slot: retrieverSlot,
  doc: "A retriever of the connector's own code: an object with `pages(retrieval)`, which gives the pages of a partition and slice. One retriever reads all of them, several at the same time.",
  fields: {
    class_name: field
      .string()
      .doc('Names the class or function that makes it.')
      .example('source_example.components.Reports'),
  },
  examples: [{ type: 'CustomRetriever', class_name: 'source_example.components.Reports' }],
  open: true,
  build({ raw, parameters, context }): Retriever {
    const own = makeCustom<OwnRetriever>({ fields: raw, parameters, context });
    const build = (router: Json): PartitionRouter =>
      context.builder.build(router as JsonObject, partitionRouterSlot, context);
    return {
      isPaginated: own.isPaginated ?? false,
      partitionRouter: own.partitionRouter ?? routerOf(raw.partition_router, build),
      pages: (retrieval) => own.pages(retrieval),
      fingerprint: () => own.fingerprint?.() ?? canonical(raw),
    };
  },
});

function routerOf(raw: Json | undefined, build: (router: Json) => PartitionRouter): PartitionRouter | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (!Array.isArray(raw)) return build(raw);
  return raw.length > 1 ? cartesianProduct(raw.map(build)) : raw[0] === undefined ? undefined : build(raw[0]);
}
