const DURATION =
  /^([+-])?P(?:(\d+(?:[.,]\d+)?)Y)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/;
// A year and a month are not always as long; where only a wait hangs on them, these will do.
const SECONDS = [365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1] as const;

/** Seconds of an ISO 8601 duration such as `PT5M` or `P1DT12H`; undefined when the text is none. */
export function durationSeconds(text: string): number | undefined {
  const match = DURATION.exec(text.trim());
  if (!match || !/\d/.test(text) || text.trim().endsWith('T')) return undefined;
  const seconds = SECONDS.reduce(
    (sum, unit, index) => sum + unit * Number((match[index + 2] ?? '0').replace(',', '.')),
    0,
  );
  return match[1] === '-' ? -seconds : seconds;
}
