import type { ChannelType } from '../model.ts'

/** Whether this is a text or an announcement channel. */
export const isTextChannel = (type: ChannelType): boolean => type === 0 || type === 5

/** Counted in code points, as in the contract. */
const MAX_LENGTH = 100

/** ASCII punctuation that Discord removes from the names of text channels. `-` and `_` stay. */
const PUNCTUATION = /[!-,./:-@[-^`{-~]/g

/**
 * The name that Discord stores. The name of a text channel becomes lower case; each run of blanks
 * and dashes becomes one dash, and none stays at either end. Letters of any script and emoji stay.
 * An empty result means that the name is invalid.
 */
export function channelName(type: ChannelType, name: string): string {
  if (!isTextChannel(type)) return name
  const kept = name
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(/[\s-]+/g, '-')
    .replace(/^-/, '')
  // Lower case may be longer: `İ` becomes two code points.
  return [...kept].slice(0, MAX_LENGTH).join('').replace(/-$/, '')
}
