/** An attempt that is let live may take so long, in milliseconds. */
export const PATIENCE_MS: number;

/** How one attempt ended. */
export interface AttemptEnd {
  killed: boolean;
  /** It ended by itself, and well. */
  ok: boolean;
  said: string;
  /** How long it ran after it first spoke, in milliseconds; 0 when it never did. */
  ms: number;
  /** How long it was before it first spoke. */
  silentMs?: number;
}

/** What came of it all. */
export interface KillSum {
  kills: number;
  /** Complete jobs. */
  jobs: number;
  lost: number;
  doubled: number;
  /** What attempts said that failed without having been killed: the first one ends everything. */
  failures: string[];
}

export interface KillSettings {
  kills: number;
  seed: number;
  /** How long an undisturbed attempt takes, milliseconds. */
  span: number;
  /** Runs an attempt of the given job and kills it after `ms`. */
  attempt(about: { job: number; seed: number; ms: number }): Promise<Pick<AttemptEnd, 'killed' | 'ok' | 'said'>>;
  /** How many jobs the destination's books call complete. */
  finishedJobs(): Promise<number>;
  /** Counts what is missing and what is there too often after so many complete jobs. */
  verify(jobs: number): Promise<{ lost: number; doubled: number }>;
  onJob?(sum: KillSum): void;
}

/** Runs attempt after attempt until so many were killed, then one to its end, and counts what is lost and doubled. */
export function killAndResume(settings: KillSettings): Promise<KillSum>;

/**
 * Runs a program and kills it `ms` after it first spoke, or with `fromStart` after it was started: then a kill may also hit
 * before there is a word. `ok` judges one that ended by itself.
 */
export function killed(settings: {
  command: string;
  args: string[];
  ms: number;
  env?: NodeJS.ProcessEnv;
  fromStart?: boolean;
  ok(code: number, said: string): boolean;
}): Promise<AttemptEnd>;

/** The line that everything ends with. */
export function verdict(sum: Pick<KillSum, 'kills' | 'lost' | 'doubled'>): string;
