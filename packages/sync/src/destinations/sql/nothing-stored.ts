import type { Session } from '../../destination.js';

const refuse = async (): Promise<never> => {
  throw new Error('the destination was opened to look only');
};

/** What a destination without books is when it is only looked at. */
export const nothingStored: Session = {
  load: async () => undefined,
  history: async () => [],
  begin: refuse,
  writer: refuse,
  reset: refuse,
  end: refuse,
  close: async () => undefined,
};
