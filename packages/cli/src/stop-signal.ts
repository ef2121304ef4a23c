/** How many the number of a signal is above 128 in the exit code of a process that it ended. */
const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** A wish to stop, by Ctrl-C or SIGTERM. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** 130 or 143 once a signal came. */
  readonly exitCode: () => number | undefined;
}

/** The first signal asks for a stop after the page in hand; a second one ends the process at once. */
export function stopSignal(onFirst: () => void = () => undefined): StopSignal {
  const controller = new AbortController();
  let code: number | undefined;
  for (const [name, number] of Object.entries(NUMBERS)) {
    process.on(name, () => {
      if (code !== undefined) process.exit(128 + number);
      code = 128 + number;
      controller.abort();
      onFirst();
    });
  }
  return { signal: controller.signal, exitCode: () => code };
}
