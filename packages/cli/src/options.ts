/** Options that every command has. */
export interface CommandOptions {
  debug?: boolean;
}

/** Options of the commands that connect to a source. */
export interface SourceOptions extends CommandOptions {
  /** A file name, or `-` for standard input. */
  config?: string;
}
