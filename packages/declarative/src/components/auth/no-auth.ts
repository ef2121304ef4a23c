import { component } from '../../component/index.js';
import { type Authenticator, authenticatorSlot } from './slot.js';

/** No credentials. */
export const noAuth = component('NoAuth', {
  slot: authenticatorSlot,
  doc: 'Asks without credentials.',
  fields: {},
  examples: [{ type: 'NoAuth' }],
  build: (): Authenticator => ({ parts: () => ({}) }),
});
