import { stringify } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import type { BuildContext, DeepExpression, Expression } from '../../component/index.js';
import { credential } from './credential.js';
import { signJwt } from './sign-jwt.js';

/** The fields of a JwtAuthenticator. */
export interface JwtFields {
  secret_key: Expression;
  base64_encode_secret_key: Expression;
  algorithm: string;
  token_duration: number;
  jwt_headers?: Record<string, Expression>;
  additional_jwt_headers?: DeepExpression;
  jwt_payload?: Record<string, Expression>;
  additional_jwt_payload?: DeepExpression;
  passphrase?: Expression;
}

// A token is used for half its life, but no longer than this: APIs like them fresh.
const REUSE_SECONDS_MAX = 300;

/** Makes the tokens of one JwtAuthenticator. */
export class JwtTokens {
  private kept: { token: string; until: number } | undefined;
  constructor(
    private readonly fields: JwtFields,
    private readonly context: BuildContext,
  ) {}

  /** A token that is good now. Throws ConnectorError (config) when the key is not one for the algorithm. */
  async get(): Promise<string> {
    const now = Math.floor(this.context.clock() / 1000);
    if (this.kept && now < this.kept.until) return this.kept.token;
    const { fields, context } = this;
    const key = credential(fields.secret_key);
    context.addSecret(key);
    const passphrase = (fields.passphrase && credential(fields.passphrase)) || undefined;
    if (passphrase) context.addSecret(passphrase);
    const token = await signJwt({
      header: stringify(this.header()),
      payload: stringify(this.payload(now)),
      algorithm: fields.algorithm,
      key: !passphrase && fields.base64_encode_secret_key.isTrue() ? Buffer.from(key, 'utf8').toString('base64') : key,
      passphrase,
    });
    context.addSecret(token);
    this.kept = { token, until: now + Math.min(REUSE_SECONDS_MAX, Math.floor(fields.token_duration / 2)) };
    return token;
  }

  private header(): Record<string, unknown> {
    const { jwt_headers: own, additional_jwt_headers: more, algorithm } = this.fields;
    const extra = reserved(more, ['kid', 'alg', 'typ', 'cty'], 'additional_jwt_headers');
    const header: Record<string, unknown> = { typ: 'JWT', alg: algorithm, ...extra };
    for (const name of ['kid', 'typ', 'cty']) {
      const value = own?.[name]?.evaluate();
      if (value !== undefined && value !== null && value !== '') header[name] = value;
    }
    // In the order of their names, as other libraries write them.
    return Object.fromEntries(Object.entries(header).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private payload(now: number): Record<string, unknown> {
    const { jwt_payload: own, additional_jwt_payload: more, token_duration: duration } = this.fields;
    const payload = reserved(more, ['iss', 'sub', 'aud', 'iat', 'exp', 'nbf'], 'additional_jwt_payload');
    for (const name of ['iss', 'sub', 'aud']) {
      const value = own?.[name]?.evaluate();
      if (value !== undefined && value !== null && value !== '') payload[name] = value;
    }
    return { ...payload, iat: now, exp: now + duration, nbf: now };
  }
}

function reserved(more: DeepExpression | undefined, names: readonly string[], field: string): Record<string, unknown> {
  const values = { ...((more?.() ?? {}) as Record<string, unknown>) };
  const taken = names.find((name) => Object.hasOwn(values, name));
  if (taken) throw new ConnectorError('config', `${field} must not have '${taken}': it has a field of its own.`);
  return values;
}
