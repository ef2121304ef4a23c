import { component } from '../../component/index.js';
import { type Paginator, paginatorSlot } from './slot.js';

const singlePage: Paginator = {
  isPaginated: false,
  initialToken: undefined,
  pageSize: undefined,
  fingerprint: null,
  next: () => undefined,
  parts: () => ({}),
};

export const noPagination = component('NoPagination', {
  slot: paginatorSlot,
  doc: 'One request brings everything.',
  fields: {},
  examples: [{ type: 'NoPagination' }],
  build: () => singlePage,
});
