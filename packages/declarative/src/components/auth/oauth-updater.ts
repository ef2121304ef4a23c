import type { Json, JsonObject } from '@tidemark/protocol';
import { ConnectorError } from '@tidemark/source';
import { Field, type JsonSchema } from '../../component/index.js';
import type { TokenUpdater } from './oauth-tokens.js';

const PATH: JsonSchema = { type: ['array', 'null'], items: { type: 'string' } };
const SCHEMA: JsonSchema = {
  type: 'object',
  properties: {
    refresh_token_name: {
      type: ['string', 'null'],
      default: 'refresh_token',
      description: 'The field of the answer that holds the new refresh token.',
    },
    access_token_config_path: {
      ...PATH,
      default: ['credentials', 'access_token'],
      description: 'Where the configuration keeps the access token.',
    },
    refresh_token_config_path: {
      ...PATH,
      default: ['credentials', 'refresh_token'],
      description: 'Where it keeps the refresh token.',
    },
    token_expiry_date_config_path: {
      ...PATH,
      default: ['credentials', 'token_expiry_date'],
      description: 'Where it keeps the time at which the access token expires.',
    },
    refresh_token_error_status_codes: {
      type: ['array', 'null'],
      items: { type: 'integer' },
      description: 'As beside the updater.',
    },
    refresh_token_error_key: { type: ['string', 'null'], description: 'As beside the updater.' },
    refresh_token_error_values: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'As beside the updater.',
    },
  },
};

/** The field `refresh_token_updater`: where a configuration keeps tokens that replace each other. */
export function updaterField(): Field<TokenUpdater> {
  return new Field<TokenUpdater>(
    (raw) => updaterOf(raw as JsonObject),
    () => SCHEMA,
    (raw) => typeof raw === 'object' && raw !== null && !Array.isArray(raw),
  );
}

function updaterOf(raw: JsonObject): TokenUpdater {
  return {
    refreshTokenName: String(raw.refresh_token_name ?? 'refresh_token'),
    accessTokenPath: pathOf(raw, 'access_token_config_path', 'access_token'),
    refreshTokenPath: pathOf(raw, 'refresh_token_config_path', 'refresh_token'),
    expiryPath: pathOf(raw, 'token_expiry_date_config_path', 'token_expiry_date'),
    errorStatuses: listOf(raw.refresh_token_error_status_codes)?.map(Number),
    errorKey: raw.refresh_token_error_key ? String(raw.refresh_token_error_key) : undefined,
    errorValues: listOf(raw.refresh_token_error_values)?.map(String),
  };
}

function pathOf(raw: JsonObject, name: string, preset: string): string[] {
  const path = listOf(raw[name] ?? ['credentials', preset]);
  if (!path?.length) throw new ConnectorError('config', `${name} of refresh_token_updater must be a list of names.`);
  return path.map(String);
}

/** An empty list counts as none. */
function listOf(value: Json | undefined): Json[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}
