import type { JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { durationSeconds } from '../../http/duration.js';
import type { ApiResponse } from '../../http/response.js';
import { type Decoder, decoderSlot } from '../decoders/slot.js';
import { requesterSlot } from '../requesters/slot.js';
import { valueAt } from './config-path.js';
import { sharedKey } from './shared-key.js';
import { type Authenticator, authenticatorSlot, sessionTokenUseSlot } from './slot.js';
import { TokenKeeper } from './token-keeper.js';

// A login that says nothing of its lifetime is used for this long: short enough not to outlive it, long enough not to log in
// for every page.
const LIFETIME_DEFAULT = 60;

/** A token from a login. */
export const sessionTokenAuthenticator = component('SessionTokenAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Logs in by a request of its own and uses the token of the answer. Streams with the same definition share one login.',
  fields: {
    login_requester: field.slot(requesterSlot).defaultType('HttpRequester').doc('The request that logs in.'),
    session_token_path: field.list(field.string()).doc('Where in the answer the token is.').example(['data', 'token']),
    expiration_duration: field
      .string()
      .optional()
      .doc('How long a token is good for, an ISO 8601 duration. Without it the login is renewed every minute.')
      .example('PT1H', 'P1D'),
    request_authentication: field.slot(sessionTokenUseSlot).doc('Where in the requests the token goes.'),
    decoder: field.slot(decoderSlot).default({ type: 'JsonDecoder' }).doc('How the answer is read.'),
  },
  examples: [
    {
      type: 'SessionTokenAuthenticator',
      login_requester: { type: 'HttpRequester', url: 'https://api.example.com/session', http_method: 'POST' },
      session_token_path: ['id'],
      expiration_duration: 'PT1H',
      request_authentication: { type: 'Bearer' },
    },
  ],
  build({ fields, context, raw }): Authenticator {
    const { login_requester: requester, session_token_path: path, expiration_duration: lifetime } = fields;
    const seconds = lifetime ? durationSeconds(lifetime) : LIFETIME_DEFAULT;
    if (seconds === undefined)
      throw new ConnectorError('config', `expiration_duration must be a duration such as PT1H, not '${lifetime}'.`);
    const login = async (signal: AbortSignal) => {
      const response = await requester.send({ scope: {}, parts: {}, signal });
      if (!response) throw new ConnectorError('config', 'The login was refused: there is no session token.');
      const value = valueAt((await firstBody(fields.decoder, response)) as JsonObject, path);
      if (value === undefined || value === null)
        throw new ConnectorError('config', `The answer to the login has no session token at '${path.join('.')}'.`);
      const token = String(value);
      context.addSecret(token);
      return { value: token, expiresAt: context.clock() + seconds * 1000 };
    };
    const key = `session ${sharedKey(raw)}`;
    const keeper = (context.shared.get(key) as TokenKeeper | undefined) ?? new TokenKeeper(login, context.clock);
    context.shared.set(key, keeper);
    return {
      async parts(_request, signal) {
        return fields.request_authentication.parts(await keeper.get(signal));
      },
      renew(refused) {
        const token = keeper.current;
        // Only if the refused request bears the token that is still in use.
        if (token !== undefined && bears(refused, token)) keeper.forget(token);
        return true;
      },
    };
  },
});

async function firstBody(decoder: Decoder, response: ApiResponse): Promise<unknown> {
  for await (const bodies of decoder.decode(response)) {
    if (bodies.length > 0) return bodies[0];
  }
  return undefined;
}

function bears(
  request: { url: string; headers: Record<string, string>; body?: string | Uint8Array },
  token: string,
): boolean {
  const places = [
    request.url,
    decodeURIComponent(request.url.replaceAll('+', ' ').replace(/%(?![0-9a-f]{2})/gi, '%25')),
    ...Object.values(request.headers),
    String(request.body ?? ''),
  ];
  return places.some((place) => place.includes(token));
}
