/** Options that every command has. */
export interface CommonOptions {
  debug?: boolean;
}

/** Options of the commands that connect to a source. */
export interface SourceOptions extends CommonOptions {
  /** A file name, or `-` for standard input. */
  config?: string;
}
