import { component } from '../../component/index.js';
import { type SessionTokenUse, sessionTokenUseSlot } from './slot.js';

/** A session token as bearer token. */
export const sessionTokenRequestBearerAuthenticator = component('Bearer', {
  slot: sessionTokenUseSlot,
  doc: 'Sends the session token in the header `Authorization: Bearer <token>`.',
  fields: {},
  examples: [{ type: 'Bearer' }],
  build: (): SessionTokenUse => ({ parts: (token) => ({ headers: { Authorization: `Bearer ${token}` } }) }),
});
