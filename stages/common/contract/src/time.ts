/**
 * A time as Discord writes it, with microseconds and an offset. twilight reads nothing shorter, and
 * discord.py on a Python before
 * 3.11 not the `Z` that JavaScript writes.
 */
export const timeToWire = (ms: number): string =>
  new Date(ms).toISOString().replace('Z', '000+00:00')
