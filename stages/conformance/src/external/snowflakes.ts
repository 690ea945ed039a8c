/** A well-formed id that no stage has given out. */
export const UNKNOWN_ID = '1000000000000000'

/** Compares ids as numbers, for `toSorted`. */
export const ascending = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1)
