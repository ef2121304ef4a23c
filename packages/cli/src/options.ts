/** Options that every command has that makes a source of a manifest. */
export interface CommandOptions {
  debug?: boolean;
  /** False with `--no-custom-code`: what stands in components.ts beside the manifest is not run. */
  customCode?: boolean;
}

/** Options of the commands that connect to a source. */
export interface SourceOptions extends CommandOptions {
  /** A file name, or `-` for standard input. */
  config?: string;
}
