/** What a webhook can be told of. */
export const WEBHOOK_EVENTS = ['start', 'resumed', 'success', 'failure', 'stopped', 'schema_change'] as const;
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

/** One address that is told, as connection.yaml has it. */
export interface WebhookSettings {
  url: string;
  /** Default: all. */
  events?: readonly WebhookEventName[];
  /** Signs what is sent; of several, each signs (so that a secret can be changed without a gap). */
  secret?: string | readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** How long one try may take. Default: 10. */
  timeout_seconds?: number;
}

const text = { type: 'string', minLength: 1 } as const;

/** JSON Schema of `webhooks` in connection.yaml. */
export const webhooksSchema = {
  type: 'array',
  minItems: 1,
  maxItems: 20,
  description: 'Addresses that are told of what happens to a sync.',
  items: {
    anyOf: [
      text,
      {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: {
          url: { ...text, description: 'https, or http on this machine.' },
          events: { type: 'array', minItems: 1, items: { enum: WEBHOOK_EVENTS }, description: 'Default: all.' },
          secret: {
            description: 'Signs what is sent. Several while a secret is being changed.',
            anyOf: [text, { type: 'array', items: text, minItems: 1, maxItems: 5 }],
          },
          headers: {
            type: 'object',
            additionalProperties: { type: 'string' },
            description: 'Sent along, for example Authorization.',
          },
          timeout_seconds: {
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 60,
            description: 'How long one try may take. Default: 10.',
          },
        },
      },
    ],
  },
} as const;

/** Something that is wrong with a webhook, below its entry. */
export interface WebhookProblem {
  path: string[];
  message: string;
}

const SECRET_LENGTH_MIN = 16;
const OWN_HEADERS = new Set(['webhook-id', 'webhook-timestamp', 'webhook-signature', 'content-length', 'host']);

/** What the schema cannot say: the address must be https (or http on this machine), the secret long, headers sendable. */
export function webhookProblems(hook: WebhookSettings): WebhookProblem[] {
  const problems: WebhookProblem[] = [];
  const add = (field: string, message: string): void => void problems.push({ path: [field], message });
  const url = URL.canParse(hook.url) ? new URL(hook.url) : undefined;
  if (!url) add('url', 'is no address (https://…)');
  else if (url.username !== '' || url.password !== '')
    add('url', "holds a name or password: put them into 'headers' (Authorization)");
  else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    add('url', 'must begin with https:// (http:// only on this machine)');
  if (secretsOf(hook).some((secret) => secret.length < SECRET_LENGTH_MIN))
    add('secret', `is shorter than ${SECRET_LENGTH_MIN} characters`);
  for (const [name, value] of Object.entries(hook.headers ?? {})) {
    if (OWN_HEADERS.has(name.toLowerCase())) add('headers', `'${name}' is set by Tidemark`);
    else if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
      add('headers', `'${name}' is no header that can be sent`);
  }
  return problems;
}

export function secretsOf({ secret }: WebhookSettings): readonly string[] {
  if (secret === undefined) return [];
  return typeof secret === 'string' ? [secret] : secret;
}

/** What no message may show: secrets, the values of headers, and addresses, whose path is often a secret itself. */
export function webhookSecrets(hook: WebhookSettings): string[] {
  const { pathname, search } = new URL(hook.url);
  const path = `${pathname}${search}`;
  return [
    ...secretsOf(hook),
    ...Object.values(hook.headers ?? {}),
    ...(path.length >= SECRET_LENGTH_MIN ? [path] : []),
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
