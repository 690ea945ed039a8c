/**
 * A time in Discord's format, with microseconds and an offset. twilight rejects anything shorter,
 * and discord.py on Python before 3.11 rejects the `Z` that JavaScript writes.
 */
export const timeToWire = (ms: number): string =>
  new Date(ms).toISOString().replace('Z', '000+00:00')
