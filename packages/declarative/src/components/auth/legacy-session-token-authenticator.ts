import { ConnectorError } from '@tidemark/source';
import { type BuildContext, component, type Expression, field } from '../../component/index.js';
import { describeResponse } from '../../http/describe.js';
import { prepareUrl } from '../../http/url.js';
import { credential } from './credential.js';
import { sharedKey } from './shared-key.js';
import { type Authenticator, authenticatorSlot } from './slot.js';
import { TokenKeeper } from './token-keeper.js';

const DAY = 86_400_000;

/** A session token of the user's, or one from a login with user and password. */
export const legacySessionTokenAuthenticator = component('LegacySessionTokenAuthenticator', {
  slot: authenticatorSlot,
  doc: 'Uses a session token if the API still takes it, else logs in with user and password.',
  deprecated: 'use SessionTokenAuthenticator.',
  fields: {
    header: field.template().doc('The header that takes the token.').example('X-Session'),
    login_url: field.template().doc('Path of the login, below the base URL of the requester.').example('session'),
    session_token: field.template().optional().doc('A session token.').example("{{ config['session_token'] }}"),
    session_token_response_key: field
      .template()
      .doc("The field of the login's answer that holds the token.")
      .example('id'),
    username: field.template().optional().doc('The user.').example("{{ config['username'] }}"),
    password: field.template().default('').doc('The password.').example("{{ config['password'] }}"),
    validate_session_url: field
      .template()
      .doc('Path that answers 401 when a token is no longer good.')
      .example('user/current'),
  },
  examples: [
    {
      type: 'LegacySessionTokenAuthenticator',
      header: 'X-Session',
      login_url: 'session',
      session_token_response_key: 'id',
      username: "{{ config['username'] }}",
      password: "{{ config['password'] }}",
      validate_session_url: 'user/current',
    },
  ],
  build({ fields, context, raw }): Authenticator {
    const keepers = shared(context, `legacy session ${sharedKey(raw)}`);
    return {
      async parts({ base = '' }, signal) {
        const keeper =
          keepers.get(base) ?? new TokenKeeper((flight) => obtain(fields, base, context, flight), context.clock);
        keepers.set(base, keeper);
        return { headers: { [fields.header.text()]: await keeper.get(signal) } };
      },
    };
  },
});

type Keepers = Map<string, TokenKeeper>;

function shared(context: BuildContext, key: string): Keepers {
  const keepers = (context.shared.get(key) as Keepers | undefined) ?? new Map<string, TokenKeeper>();
  context.shared.set(key, keepers);
  return keepers;
}

interface LegacyFields {
  header: Expression;
  login_url: Expression;
  session_token?: Expression;
  session_token_response_key: Expression;
  username?: Expression;
  password: Expression;
  validate_session_url: Expression;
}

async function obtain(fields: LegacyFields, base: string, context: BuildContext, signal: AbortSignal) {
  const given = fields.session_token ? credential(fields.session_token) : '';
  const expiresAt = context.clock() + DAY;
  if (given) {
    context.addSecret(given);
    if (await isGood(fields, given, base, context, signal)) return { value: given, expiresAt };
  }
  const username = fields.username ? credential(fields.username) : '';
  const password = credential(fields.password);
  if (!username || !password)
    throw new ConnectorError(
      'config',
      'There is no session token that the API takes, and no user and password to log in with.',
    );
  const body = JSON.stringify({ username, password });
  const url = prepareUrl(base + fields.login_url.text());
  const response = await context.http.send(
    { method: 'POST', url, headers: { 'Content-Type': 'application/json' }, body },
    { signal },
  );
  const key = fields.session_token_response_key.text();
  const token = response.status < 400 ? ((response.json() ?? {}) as Record<string, unknown>)[key] : undefined;
  if (token === undefined || token === null) {
    const kind = response.status >= 500 || response.status === 429 ? 'transient' : 'config';
    throw new ConnectorError(kind, `The login gives no session token (status ${response.status}).`, {
      detail: describeResponse(response, context.redact),
    });
  }
  context.addSecret(String(token));
  return { value: String(token), expiresAt };
}

async function isGood(
  fields: LegacyFields,
  token: string,
  base: string,
  context: BuildContext,
  signal: AbortSignal,
): Promise<boolean> {
  const url = prepareUrl(base + fields.validate_session_url.text());
  const response = await context.http.send(
    { method: 'GET', url, headers: { [fields.header.text()]: token } },
    { signal },
  );
  if (response.status < 400) return true;
  if (response.status === 401) return false;
  throw new ConnectorError(
    'transient',
    `Whether the session token is good cannot be said (status ${response.status}).`,
    { detail: describeResponse(response, context.redact) },
  );
}
