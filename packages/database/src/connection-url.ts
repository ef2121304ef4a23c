import { readFileSync } from 'node:fs';
import type { JsonObject } from '@tidemark/protocol';

/** What a dialect takes of a connection URL. */
export interface UrlForm {
  /** The first one is shown in messages. */
  readonly schemes: readonly string[];
  /** What may stand behind the `?`, by the name that is shown. Case, `-` and `_` of a name do not matter. */
  readonly parameters: Readonly<Record<string, UrlParameter>>;
  /** Parameters of other programs that are refused: what to do instead, by their names. */
  readonly instead: Readonly<Record<string, string>>;
}

/** What one parameter of a URL means. */
export interface UrlParameter {
  /** The field of the configuration that it fills. */
  readonly field?: string;
  /** `list`: texts separated by commas; `file`: a file, whose text is the field. */
  readonly form?: 'list' | 'file';
  /** It has no effect, and these values ask for none. */
  readonly only?: readonly string[];
}

/** The field with the certificates of the file that a URL names; empty: the authorities that are known anyway. */
export const AUTHORITY = 'url_authority';

/**
 * The fields that a URL has. Nothing of it is passed over: what cannot be taken is added to `wrong` by its name, without any
 * value. Undefined where it cannot be read at all.
 */
export function fieldsOfUrl(url: string, form: UrlForm, wrong: string[]): JsonObject | undefined {
  const parts = partsOf(url, form, wrong);
  if (!parts) return undefined;
  const { hostname, port, pathname, username, password, searchParams } = parts;
  const fields: JsonObject = {};
  try {
    if (hostname) fields.host = decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
    if (port) fields.port = Number(port);
    if (pathname.length > 1) fields.database = decodeURIComponent(pathname.slice(1));
    if (username) fields.username = decodeURIComponent(username);
    if (password) fields.password = decodeURIComponent(password);
  } catch {
    wrong.push(`'url' has a '%' that is not followed by two hexadecimal digits: a '%' itself is written %25`);
    return undefined;
  }
  return fieldsOfQuery(fields, searchParams, form, wrong);
}

/** Why a parameter is not taken, and what to do instead. */
export function refusedParameter(shown: string, { parameters, instead }: UrlForm): string {
  const remedy = Object.entries(instead).find(([each]) => plain(each) === plain(shown))?.[1];
  if (remedy !== undefined) return `'url' has the parameter '${shown}', which is not taken: ${remedy}`;
  return `'url' has the parameter ${named(shown)}, which is not known (it can have: ${Object.keys(parameters).join(', ')})`;
}

function partsOf(url: string, { schemes }: UrlForm, wrong: string[]): URL | undefined {
  const shape = `${schemes[0]}://user:password@host:port/database`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined || !schemes.includes(scheme)) {
    wrong.push(`'url' is no URL of the form ${shape}`);
    return undefined;
  }
  const [, afterScheme = ''] = /^[^:]*:\/\/(.*)$/s.exec(url) ?? [];
  const account = /^[^/?#]*/.exec(afterScheme)![0];
  const rest = afterScheme.slice(account.length);
  // Else a piece of the password would be the host, the database or a parameter, and be printed.
  if (/^[^?#]*@/.test(rest) || (!account.includes('@') && rest.includes('@'))) {
    wrong.push(
      `'url' has an '@' behind a '/', '?' or '#': in a user or password these are written %2F, %3F and %23, in the name of a database an '@' is %40`,
    );
    return undefined;
  }
  if (afterScheme.includes('#')) {
    wrong.push(`'url' has a '#': in a user or password it is written %23, and nothing may follow the parameters`);
    return undefined;
  }
  const port = /:(\d*)$/.exec(account)?.[1];
  if (port !== undefined && port !== '' && !(Number(port) >= 1 && Number(port) <= 65_535)) {
    wrong.push(`the port of 'url' must be a number from 1 to 65535`);
    return undefined;
  }
  try {
    return new URL(url);
  } catch {
    const codes = /%(?![0-9a-f]{2})/i.test(afterScheme) ? `, and each '%' is followed by two hexadecimal digits` : '';
    wrong.push(`'url' is no URL of the form ${shape}${codes}`);
    return undefined;
  }
}

/** The fields that stand before the `?`, and those that the query adds. */
function fieldsOfQuery(before: JsonObject, query: URLSearchParams, form: UrlForm, wrong: string[]): JsonObject {
  const fields = { ...before };
  const seen = new Set<string>();
  for (const [shown, value] of query) {
    const known = Object.keys(form.parameters).find((each) => plain(each) === plain(shown));
    if (known === undefined) {
      wrong.push(refusedParameter(shown, form));
      continue;
    }
    const { field, form: kind, only } = form.parameters[known]!;
    // Programs differ in which of two counts.
    const key = field ?? known;
    if (seen.has(key)) wrong.push(`'url' has the parameter '${known}' twice`);
    seen.add(key);
    if (only && !only.includes(value.toLowerCase()))
      wrong.push(`'url' has the parameter '${known}', which can only be ${only.join(' or ')}: take it out`);
    if (field === undefined) continue;
    // An instance of SQL Server, for one, stands where the database does here.
    if (Object.hasOwn(before, field))
      wrong.push(`'url' says the ${field} twice: before its '?' and by the parameter '${known}'`);
    fields[field] = kind === 'list' ? value.split(',') : kind === 'file' ? textOf(value, known, wrong) : value;
  }
  return fields;
}

function textOf(file: string, name: string, wrong: string[]): string {
  // libpq's word for the authorities that are known anyway.
  if (file === 'system') return '';
  try {
    const text = readFileSync(file, 'utf8');
    if (/-----BEGIN [A-Z ]*CERTIFICATE-----/.test(text)) return text;
    wrong.push(`the file that the parameter '${name}' of 'url' names has no certificate in PEM`);
  } catch {
    wrong.push(`the file that the parameter '${name}' of 'url' names cannot be read`);
  }
  return '';
}

function plain(name: string): string {
  return name.replace(/[-_ ]/g, '').toLowerCase();
}

/** What is no name may be a piece of a password. */
function named(shown: string): string {
  return /^[A-Za-z][\w. -]{0,40}$/.test(shown) ? `'${shown}'` : 'of another name';
}
