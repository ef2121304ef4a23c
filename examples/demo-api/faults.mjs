// Some answers fail the first time they are asked for: which ones follows from the request alone, not from time or order.

function hash(text) {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619) >>> 0;
  return value;
}

/** A decision for each request: 429, 500, or undefined for an ordinary answer. One request in `every` fails, once. */
export function createFaults(every = 25) {
  const failed = new Set();
  return (path) => {
    const value = hash(path);
    if (every === 0 || value % every !== 0 || failed.has(path)) return undefined;
    failed.add(path);
    return (value / every) % 2 < 1 ? 429 : 500;
  };
}
