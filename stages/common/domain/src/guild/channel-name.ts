import type { ChannelType } from '../model.ts'

/** Text and announcement channels. */
export const isTextChannel = (type: ChannelType): boolean => type === 0 || type === 5

/** Code points, as the form bounds them. */
const LONGEST = 100

/**
 * ASCII punctuation that Discord drops from the names of text channels. Dashes and underscores
 * stay.
 */
const PUNCTUATION = /[!-,./:-@[-^`{-~]/g

/**
 * The name as Discord keeps it. A text channel's is lower case, with one dash for each run of
 * blanks and dashes and none at either end; letters of any script and emoji stay. It may come out
 * empty, which is no name.
 */
export function channelName(type: ChannelType, name: string): string {
  if (!isTextChannel(type)) return name
  const kept = name
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(/[\s-]+/g, '-')
    .replace(/^-/, '')
  // The lower case of `İ` is two code points, so the name may have grown.
  return [...kept].slice(0, LONGEST).join('').replace(/-$/, '')
}
