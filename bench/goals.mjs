// What the benchmarks must reach. Each is a ratio between programs of one run, or an amount of memory.
const missed = [];
const unmeasured = [];

/** Says whether a figure is at least what is asked. */
export function atLeast(asked, figure, what) {
  judge(figure >= asked, `${what}: ${figure.toFixed(2)}, asked for ${asked} or more`);
}

/** Says whether a figure is less than what is asked. */
export function below(asked, figure, what) {
  judge(figure < asked, `${what}: ${figure.toFixed(0)}, asked for less than ${asked}`);
}

/** A comparison that could not be made. It counts as missed when the peer is there and failed. */
export function notMeasured(what, why, isFailure) {
  process.stdout.write(`not measured  ${what}: ${why}\n`);
  (isFailure ? missed : unmeasured).push(`${what}: ${why}`);
}

function judge(isReached, text) {
  process.stdout.write(`${isReached ? 'reached' : 'MISSED '}  ${text}\n`);
  if (!isReached) missed.push(text);
}

/** The closing lines; false when a goal was missed. */
export function verdict() {
  for (const text of unmeasured) process.stdout.write(`Not compared, and so not beaten: ${text}\n`);
  for (const text of missed) process.stdout.write(`Missed: ${text}\n`);
  return missed.length === 0;
}
