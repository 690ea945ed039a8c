import type { ChannelType } from '../model.ts'

/** Whether this is a text or an announcement channel. */
export const isTextChannel = (type: ChannelType): boolean => type === 0 || type === 5

/** Counted in code points, as in the contract. */
const MAX_LENGTH = 100

/** ASCII punctuation that Discord removes from the names of text channels. `-` and `_` stay. */
const PUNCTUATION = /[!-,./:-@[-^`{-~]/g

/** The hyphens of a keyboard and of a word processor, next to each other. */
const TWO_HYPHENS = /[-\u2010\u2011]{2}/

/** A character with the accents that follow it. */
const LETTER = /[\p{L}\p{N}\p{P}\p{S}\p{Z}\p{Cc}\p{Cf}\p{Cn}]?\p{M}*/gu

/**
 * The name that Discord stores. The name of a text channel becomes lower case; each run of blanks
 * and dashes becomes one dash, and none stays at either end. Letters of any script and emoji stay.
 * An empty result means that the name is invalid.
 */
export function channelName(type: ChannelType, name: string): string {
  if (!isTextChannel(type)) return name
  const plain = name.toLowerCase().replace(PUNCTUATION, '').replace(/\s/g, '-')
  return limitLength(singleHyphens(plain).replace(/^-/, '')).replace(/-$/, '')
}

function singleHyphens(name: string): string {
  let kept = name
  // Removing one of three hyphens leaves two.
  while (TWO_HYPHENS.test(kept)) kept = kept.replaceAll('--', '-')
  return kept
}

/** Lower case may be longer: `İ` becomes two code points. No letter is cut from its accents. */
function limitLength(name: string): string {
  const letters: string[] = []
  LETTER.lastIndex = 0
  while (LETTER.lastIndex < name.length) letters.push(LETTER.exec(name)![0])
  while ([...letters.join('')].length > MAX_LENGTH) letters.pop()
  return letters.join('')
}
