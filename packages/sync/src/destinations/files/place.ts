/** A file as a place lists it; the path is relative to the place, with `/`. */
export interface PlacedFile {
  path: string;
  bytes: number;
}

/** What a small file holds, with what tells this content from any other. */
export interface PlacedText {
  text: string;
  version: string;
}

/**
 * Where a file destination keeps its files: a folder, a bucket. Paths are relative, with `/`. Everything that returns is
 * durable. Errors are ConnectorErrors that say what to do, but for `Overtaken`.
 */
export interface Place {
  /** As a configuration writes it, without secrets: `files:/data`, `s3://bucket/prefix`. */
  readonly name: string;
  /** Makes the place, or sees that it is there. With `look`, nothing is made; false when there is nothing to look at. */
  open(look: boolean): Promise<boolean>;
  /**
   * An empty folder of this machine in which files are made that `put` takes. `token` rises with each runner of the
   * connection: what those before it have left goes.
   */
  workFolder(connection: string, token: number): Promise<string>;
  read(path: string): Promise<PlacedText | undefined>;
  /**
   * Puts a text in the place of the one with this version (`undefined`: of none), in one step. Returns the new version.
   * Throws Overtaken when something else is there.
   */
  replace(path: string, text: string, expected: string | undefined): Promise<string>;
  /** Moves a file of the work folder to where it belongs, streaming. */
  put(file: string, path: string): Promise<void>;
  /** A file of this machine with the content of a placed one: the placed one itself, or a copy in the work folder. */
  fetch(path: string, folder: string): Promise<string>;
  copy(from: string, to: string): Promise<void>;
  /** The files directly in a folder. */
  list(folder: string): Promise<PlacedFile[]>;
  /** The names of the folders directly in a folder. */
  folders(folder: string): Promise<string[]>;
  /** Those that are not there are passed over. */
  remove(paths: readonly string[]): Promise<void>;
  /** Ends what killed runs have left half-sent in a folder, where a place has such things. */
  tidy?(folder: string): Promise<void>;
  /** Does not throw. */
  close(workFolder: string | undefined): Promise<void>;
}

/** Somebody else has written what was to be replaced. */
export class Overtaken extends Error {
  constructor(readonly path: string) {
    super(`${path} was written by somebody else`);
  }
}
