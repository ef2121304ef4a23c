import { component } from '../../component/index.js';
import { type RequestPath as BuiltPath, requestPathSlot } from './slot.js';

/** The page token is the address of the next page. */
export const requestPath = component('RequestPath', {
  slot: requestPathSlot,
  doc: 'The page token is the URL of the next request: a whole URL, or a path below the base URL of the requester.',
  fields: {},
  examples: [{ type: 'RequestPath' }],
  build: (): BuiltPath => ({ isRequestPath: true }),
});
