/** What to do when the log cannot be gone on from. */
export const LOAD_AGAIN =
  'Load the tables again: where `tidemark sync` reads them, by `tidemark refresh CONNECTION --truncate`, otherwise by reading without this state. With on_lost_position: reload that is done by itself.';
