import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext, DeepExpression, Expression } from '../../component/index.js';
import { setValueAt, valueAt } from './config-path.js';
import { credential } from './credential.js';
import { dateMilliseconds, dateText, lifetimeSeconds } from './expiry.js';
import type { Authenticator } from './slot.js';
import { type KeptToken, TokenKeeper } from './token-keeper.js';
import { requestToken } from './token-request.js';

/** Where a configuration keeps tokens that replace each other. */
export interface TokenUpdater {
  refreshTokenName: string;
  accessTokenPath: readonly string[];
  refreshTokenPath: readonly string[];
  expiryPath: readonly string[];
  errorStatuses?: readonly number[];
  errorKey?: string;
  errorValues?: readonly string[];
}

/** The fields of an OAuthAuthenticator. */
export interface OAuthFields {
  client_id_name: Expression;
  client_id?: Expression;
  client_secret_name: Expression;
  client_secret?: Expression;
  refresh_token_name: Expression;
  refresh_token?: Expression;
  token_refresh_endpoint?: Expression;
  access_token_name: Expression;
  access_token_value?: Expression;
  expires_in_name: Expression;
  grant_type_name: Expression;
  grant_type: Expression;
  refresh_request_body?: DeepExpression;
  refresh_request_headers?: DeepExpression;
  send_refresh_request_as_query_params: boolean;
  scopes?: string[];
  token_expiry_date?: Expression;
  token_expiry_date_format?: string;
  refresh_token_error_status_codes?: number[];
  refresh_token_error_key?: string;
  refresh_token_error_values?: string[];
  profile_assertion?: Authenticator;
  use_profile_assertion: Expression;
  updater?: TokenUpdater;
}

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** How long a token is used when nobody says how long it lives, seconds. */
const LIFETIME_DEFAULT = 3600;

/** Obtains, keeps and renews the access token of one OAuth definition. */
export class OAuthTokens {
  private keeper: TokenKeeper | undefined;
  constructor(
    private readonly fields: OAuthFields,
    private readonly context: BuildContext,
  ) {}

  /** The access token. Throws ConnectorError when it cannot be obtained. */
  get(signal: AbortSignal): Promise<string> {
    const fixed = this.fixedToken();
    if (fixed !== undefined) return Promise.resolve(fixed);
    this.keeper ??= new TokenKeeper((flight) => this.obtain(flight), this.context.clock, this.initial());
    return this.keeper.get(signal);
  }

  /** This token was refused. False when there is no way to another. */
  renew(refused: string | undefined): boolean {
    if (this.fixedToken() !== undefined) return false;
    if (refused !== undefined) this.keeper?.forget(refused);
    return true;
  }

  /** Without an endpoint the token is what the configuration says. */
  private fixedToken(): string | undefined {
    if (this.fields.token_refresh_endpoint) return undefined;
    const token = this.fields.access_token_value && credential(this.fields.access_token_value);
    if (!token)
      throw new ConnectorError(
        'config',
        'An OAuthAuthenticator needs a token_refresh_endpoint or an access_token_value.',
      );
    this.context.addSecret(token);
    return token;
  }

  private initial(): KeptToken | undefined {
    const { updater, access_token_value: given, token_expiry_date: expiry } = this.fields;
    const { config } = this.context;
    const value = updater ? valueAt(config, updater.accessTokenPath) : given && credential(given);
    const until = updater ? valueAt(config, updater.expiryPath) : expiry?.evaluate();
    if (typeof value !== 'string' || value === '' || until === undefined || until === null || until === '')
      return undefined;
    this.context.addSecret(value);
    const expiresAt = dateMilliseconds(until);
    if (expiresAt === undefined)
      throw new ConnectorError('config', 'The expiry date of the access token is not a date.');
    return { value, expiresAt };
  }

  private async obtain(signal: AbortSignal): Promise<KeptToken> {
    const { fields, context } = this;
    const args = await this.arguments(signal);
    const headers = textMap(fields.refresh_request_headers?.());
    const updater = fields.updater;
    // The answer may hold the only refresh token that is still good: such a request is never broken off.
    const lasting = updater ? new AbortController().signal : signal;
    const answer = await requestToken({
      endpoint: fields.token_refresh_endpoint!.text(),
      query: fields.send_refresh_request_as_query_params ? args : undefined,
      form: fields.send_refresh_request_as_query_params ? {} : args,
      headers,
      context,
      signal: lasting,
      refusal: {
        statuses: updater?.errorStatuses ?? fields.refresh_token_error_status_codes ?? [],
        key: updater?.errorKey ?? fields.refresh_token_error_key ?? '',
        values: updater?.errorValues ?? fields.refresh_token_error_values ?? [],
      },
    });
    const value = find(answer, fields.access_token_name.text());
    if (value === undefined || value === null || value === '') return this.withoutToken(answer);
    const token = { value: String(value), expiresAt: this.expiry(answer) };
    context.addSecret(token.value);
    if (updater) this.store(updater, token, find(answer, updater.refreshTokenName));
    return token;
  }

  /**
   * An answer without a token is an error. Only where the tokens are kept in the configuration the requests are sent all the
   * same, as the reference does, and the API has the last word; the configuration stays as it is.
   */
  private withoutToken(answer: Json): KeptToken {
    const message = `The token endpoint's answer has no '${this.fields.access_token_name.text()}'.`;
    if (!this.fields.updater) throw new ConnectorError('system', message);
    this.context.log('WARN', message);
    return { value: 'None', expiresAt: this.expiry(answer) };
  }

  private expiry(answer: Json): number {
    const now = this.context.clock();
    const value = find(answer, this.fields.expires_in_name.text());
    if (value === undefined || value === null) return now + LIFETIME_DEFAULT * 1000;
    if (this.fields.token_expiry_date_format) {
      const date = dateMilliseconds(value);
      if (date !== undefined) return date;
      throw new ConnectorError('system', 'The token endpoint names a date of expiry that cannot be read.');
    }
    const seconds = lifetimeSeconds(value);
    if (seconds === undefined)
      throw new ConnectorError('system', 'The token endpoint names a lifetime that is not a number of seconds.');
    return now + seconds * 1000;
  }

  /** Writes the new tokens into the configuration and has it kept: a refresh token that was used once is worth nothing any more. */
  private store(updater: TokenUpdater, token: KeptToken, refreshToken: Json | undefined): void {
    const { config } = this.context;
    setValueAt(config, updater.accessTokenPath, token.value);
    if (refreshToken !== undefined && refreshToken !== null) {
      this.context.addSecret(String(refreshToken));
      setValueAt(config, updater.refreshTokenPath, refreshToken);
    }
    setValueAt(config, updater.expiryPath, dateText(token.expiresAt));
    this.context.configChanged(config);
  }

  /** The fields of the token request. Those of the protocol come before the author's own of the same name. */
  private async arguments(signal: AbortSignal): Promise<Record<string, unknown>> {
    const { fields, context } = this;
    const { updater } = fields;
    if (fields.use_profile_assertion.isTrue()) {
      const assertion = await fields.profile_assertion?.token?.(signal);
      if (!assertion)
        throw new ConnectorError(
          'config',
          'An OAuthAuthenticator with use_profile_assertion needs a profile_assertion.',
        );
      return { [fields.grant_type_name.text()]: ASSERTION_GRANT, assertion };
    }
    const args: Record<string, unknown> = { [fields.grant_type_name.text()]: fields.grant_type.text() };
    if (!Object.hasOwn(textMap(fields.refresh_request_headers?.()), 'Authorization')) {
      const id = this.credential('client_id');
      if (!id) throw new ConnectorError('config', 'The client_id of an OAuthAuthenticator is empty.');
      args[fields.client_id_name.text()] = id;
      const secret = this.credential('client_secret');
      context.addSecret(secret ?? '');
      args[fields.client_secret_name.text()] = secret;
    }
    const refreshToken = updater
      ? (valueAt(context.config, updater.refreshTokenPath) ?? '')
      : fields.refresh_token && credential(fields.refresh_token);
    if (refreshToken !== undefined) context.addSecret(String(refreshToken));
    args[updater?.refreshTokenName ?? fields.refresh_token_name.text()] = refreshToken;
    if (fields.scopes?.length) args.scopes = fields.scopes;
    for (const [name, value] of Object.entries((fields.refresh_request_body?.() ?? {}) as JsonObject)) {
      if (!Object.hasOwn(args, name)) args[name] = value;
    }
    return args;
  }

  private credential(name: 'client_id' | 'client_secret'): string | undefined {
    const given = this.fields[name];
    const kept = this.fields.updater && valueAt(this.context.config, ['credentials', name]);
    return kept === undefined || kept === null ? given && credential(given) : String(kept);
  }
}

function textMap(value: Json | undefined): Record<string, string> {
  const entries = Object.entries((value ?? {}) as JsonObject);
  return Object.fromEntries(
    entries.filter(([, item]) => item !== null && item !== undefined).map(([name, item]) => [name, String(item)]),
  );
}

const DEPTH_MAX = 5;

/** The first value of this name, at the top or below it. */
function find(node: Json | undefined, name: string, depth = 0): Json | undefined {
  if (node === null || typeof node !== 'object' || depth > DEPTH_MAX) return undefined;
  if (!Array.isArray(node) && Object.hasOwn(node, name)) return (node as JsonObject)[name];
  for (const item of Object.values(node)) {
    const found = find(item as Json, name, depth + 1);
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}
