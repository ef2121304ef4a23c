export interface Unleash {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly tokens: { admin: string; client: string };
  /** The JSON that a path answers with; by default for the admin's token. */
  get(path: string, token?: string): Promise<Record<string, unknown>>;
  addFlags(names: string[]): Promise<void>;
  stop(): Promise<void>;
}
/** Why Unleash cannot run here; undefined where it can. */
export function whyNotUnleash(): string | undefined;
export function startUnleash(): Promise<Unleash>;
