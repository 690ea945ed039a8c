import { InvalidArgumentError } from 'commander'
import { didYouMean } from './did-you-mean.ts'

/** Returns an option parser for whole numbers from `min` to `max`. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    return number
  }

/** Returns an option parser that accepts only the given words. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`Choose from ${words.join(', ')}${didYouMean(text, words)}.`)
  }
