import type { Emoji, ReactionCount } from './model.ts'

/**
 * Recommended for general interchange: what keyboards and fonts have. A letter of a flag is an
 * emoji of its own at Discord.
 */
const ONE_EMOJI = /^(?:\p{RGI_Emoji}|\p{Regional_Indicator})$/v

/** Characters that are pictures only with a selector behind them, unless a skin tone says so. */
const NEEDS_SELECTOR = /[\p{Emoji}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})/gv

const SELECTOR = '\uFE0F'

/**
 * A Unicode emoji as Discord answers it: fully qualified, with U+FE0F where its characters are text
 * by default. Clients write `❤` as well as `❤️`, and both are one emoji. Undefined for a text that
 * is not exactly one Unicode emoji.
 */
export function qualifiedEmoji(text: string): Emoji | undefined {
  const qualified = text.replaceAll(SELECTOR, '').replace(NEEDS_SELECTOR, `$&${SELECTOR}`)
  return ONE_EMOJI.test(qualified) ? qualified : undefined
}

/**
 * The one form of a stored emoji. Reactions of earlier versions may be stored in another spelling;
 * custom emoji have one.
 */
export const normalizeEmoji = (stored: Emoji): Emoji => qualifiedEmoji(stored) ?? stored

/** Counts by the one form of each emoji. */
export function mergeSpellings(counts: readonly ReactionCount[]): ReactionCount[] {
  const merged = new Map<Emoji, ReactionCount>()
  for (const { emoji: stored, count, me } of counts) {
    const emoji = normalizeEmoji(stored)
    const others = merged.get(emoji)
    merged.set(emoji, { emoji, count: count + (others?.count ?? 0), me: me || others?.me === true })
  }
  return [...merged.values()]
}
