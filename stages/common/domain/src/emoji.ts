import type { Emoji, ReactionCount } from './model.ts'

/**
 * An emoji that Unicode recommends for general interchange. Discord also takes a single regional
 * indicator, which is one letter of a flag.
 */
const ONE_EMOJI = /^(?:\p{RGI_Emoji}|\p{Regional_Indicator})$/v

/** Characters that need a selector, or a skin tone, to be shown as a picture. */
const NEEDS_SELECTOR = /[\p{Emoji}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})/gv

const SELECTOR = '\uFE0F'

/**
 * A Unicode emoji in Discord's spelling: fully qualified, with U+FE0F behind characters that are
 * text by default. Clients send `❤` as well as `❤️` for the same emoji. Undefined if the text is
 * not exactly one Unicode emoji.
 */
export function qualifiedEmoji(text: string): Emoji | undefined {
  const qualified = text.replaceAll(SELECTOR, '').replace(NEEDS_SELECTOR, `$&${SELECTOR}`)
  return ONE_EMOJI.test(qualified) ? qualified : undefined
}

/**
 * The fully qualified spelling of a stored emoji. Earlier versions stored other spellings, too.
 * Custom emoji have only one.
 */
export const normalizeEmoji = (stored: Emoji): Emoji => qualifiedEmoji(stored) ?? stored

/** Adds up the counts of all spellings of an emoji. */
export function mergeSpellings(counts: readonly ReactionCount[]): ReactionCount[] {
  const merged = new Map<Emoji, ReactionCount>()
  for (const { emoji: stored, count, me } of counts) {
    const emoji = normalizeEmoji(stored)
    const sum = merged.get(emoji)
    merged.set(emoji, { emoji, count: count + (sum?.count ?? 0), me: me || sum?.me === true })
  }
  return [...merged.values()]
}
