/** A running server of the tests. */
export interface RunningServer {
  /** Its temporary folder, which `stop` removes. */
  readonly folder: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The process; undefined after `kill`. */
  readonly pid: number | undefined;
  /** The last 4,000 characters of what the server has written. */
  log(): string;
  /** SIGKILL, as in a crash. The data stay; `restart` brings the server back. */
  kill(): Promise<void>;
  /** Ends the server if it runs, and starts it on the same data and port; resolves when it answers. */
  restart(): Promise<void>;
  /** Ends the server and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** What all servers of the tests tell of themselves. */
export interface Server extends RunningServer {
  readonly user: string;
  readonly password: string;
  /** The database (S3: the bucket) that is there from the start. */
  readonly database: string;
  /** With user, password and database. */
  readonly url: string;
}

/** Whether a server can be started here; `why` says in one line what is missing. */
export interface Availability {
  readonly ok: boolean;
  readonly why?: string;
}

export interface Place {
  readonly folder: string;
  readonly port: number;
}

export interface Description {
  /** For the folder's name and for messages. */
  readonly name: string;
  /** A fixed port; without it a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the data folder, once. */
  prepare?(folder: string): Promise<void> | void;
  /** The program and its arguments. It must not go into the background. */
  command(place: Place): readonly string[];
  isReady(place: Place & { readonly pid: number }): Promise<boolean> | boolean;
  readonly readyWithinMs?: number;
  /** The signal of a graceful end; SIGTERM by default. */
  readonly stopSignal?: NodeJS.Signals;
  /** The signal of the last end; SIGKILL by default. */
  readonly endSignal?: NodeJS.Signals;
}

export declare const serversFolder: string;
export declare function supervised(description: Description): Promise<RunningServer>;
