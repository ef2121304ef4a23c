import { SharedFlight } from './shared-flight.js';

/** A token and how long it may be used, milliseconds since the epoch. */
export interface KeptToken {
  value: string;
  expiresAt: number;
}

/** Keeps one token for all who need it. When it is not there or too old it is obtained once, however many ask for it. */
export class TokenKeeper {
  private readonly flight: SharedFlight<KeptToken>;

  constructor(
    obtain: (signal: AbortSignal) => Promise<KeptToken>,
    private readonly clock: () => number,
    private kept?: KeptToken,
  ) {
    this.flight = new SharedFlight(async (signal) => {
      this.kept = await obtain(signal);
      return this.kept;
    });
  }

  /** The token that is in use, without asking for one. */
  get current(): string | undefined {
    return this.kept?.value;
  }

  async get(signal: AbortSignal): Promise<string> {
    if (this.kept && this.clock() <= this.kept.expiresAt) return this.kept.value;
    return (await this.flight.join(signal)).value;
  }

  /** Forgets the token if it is still this one: who was refused with an older one must not throw away its successor. */
  forget(value: string): void {
    if (this.kept?.value === value) this.kept = undefined;
  }
}
