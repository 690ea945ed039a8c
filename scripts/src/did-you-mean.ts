import { closestMatch } from 'leven'

/** Returns ` (did you mean WORD?)`, or an empty string when no word is close enough to a typo. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const maxDistance = Math.max(1, Math.ceil(typed.length / 3))
  const closest = closestMatch(typed, words, { maxDistance })
  return closest === undefined ? '' : ` (did you mean ${closest}?)`
}
