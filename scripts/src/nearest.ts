import { CodedError } from '@threshold/kit'
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

/** For an unknown lab, stage or bench: names what was given, what was probably meant, and where all of them are listed. */
export function unknown(code: string, what: string, word: string, words: readonly string[], next: string): CodedError {
  const meant = nearest(word, words)
  const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`
  const known = words.length === 0 ? `; there is no ${what} yet` : ''
  return new CodedError(code, `no ${what} is called ${JSON.stringify(word)}${known}${guess}`, { next })
}
