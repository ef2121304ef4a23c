/** One answered request. */
export interface Answer {
  /** Path with query. */
  path: string;
  status: number;
  /** Records in the answer. */
  records: number;
}
/** How many records each collection has. */
export interface Sizes {
  customers: number;
  products: number;
  berths: number;
  orders: number;
  regions: number;
  deliveries_per_region: number;
}
export interface DemoApi {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly log: Answer[];
  close(): Promise<void>;
}
export function startDemoApi(options?: {
  port?: number;
  sizes?: Partial<Sizes>;
  token?: string;
  /** One request in so many fails once with 429 or 500; 0: none. */
  faultsEvery?: number;
  onAnswer?: (answer: Answer) => void;
}): Promise<DemoApi>;
