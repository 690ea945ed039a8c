import { closestMatch } from 'leven'

/** The word that was probably meant: close, and not just the least far of strangers. Among numbers, the next one. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  if ([word, ...words].every(isNumber)) {
    const far = (other: string): number => Math.abs(Number(other) - Number(word))
    return words.toSorted((a, b) => far(a) - far(b))[0]
  }
  return closestMatch(word, words, { maxDistance: Math.max(1, Math.ceil(word.length / 3)) })
}

const isNumber = (word: string): boolean => word.trim() !== '' && Number.isFinite(Number(word))
