/** Seconds and dates that say how long a token lives. */

/** Milliseconds since the epoch from a date as APIs write them, or from seconds since 1970; undefined when it is neither. */
export function dateMilliseconds(value: unknown): number | undefined {
  const text = String(value).trim();
  if (/^\d{1,10}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}$/.test(text)) return Number(text);
  const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(text);
  if (iso) {
    const [, date, time = '00:00:00', zone = 'Z'] = iso;
    const parsed = Date.parse(
      `${date}T${time.replace(/(\.\d{3})\d+$/, '$1')}${zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')}`,
    );
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  // Other spellings (`Sat, 02 Mar 2024 10:20:30 GMT`): without a zone they mean UTC.
  const parsed = Date.parse(/(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text} UTC`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Whole seconds from a number or a text of one; undefined otherwise. */
export function lifetimeSeconds(value: unknown): number | undefined {
  const seconds =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(seconds) ? Math.trunc(seconds) : undefined;
}

/** A date as it is kept in a configuration. */
export function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/(?:\.000)?Z$/, '+00:00');
}
