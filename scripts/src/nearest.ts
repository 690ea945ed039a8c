import { closestMatch } from 'leven'

/** The word that was probably meant: close, and not just the least far of strangers. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  return closestMatch(word, words, { maxDistance: Math.max(1, Math.ceil(word.length / 3)) })
}
