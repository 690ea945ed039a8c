import { InvalidArgumentError } from 'commander'
import { nearest } from './nearest.ts'

/** A whole number within bounds, as an option's parser. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return number
  }

/** One of a few words, as an option's parser. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const meant = nearest(text, words)
    throw new InvalidArgumentError(
      `There are: ${words.join(', ')}${meant === undefined ? '' : ` (did you mean ${meant}?)`}.`,
    )
  }
