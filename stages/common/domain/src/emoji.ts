/** Recommended for general interchange: what keyboards and fonts have. A letter of a flag is an emoji of its own at Discord. */
const ONE_EMOJI = /^(?:\p{RGI_Emoji}|\p{Regional_Indicator})$/v

/** Characters that are pictures only with a selector behind them, unless a skin tone says so. */
const NEEDS_SELECTOR = /[\p{Emoji}--\p{Emoji_Presentation}](?!\p{Emoji_Modifier})/gv

/** Whether a text is exactly one Unicode emoji. Many clients leave its selectors out, as in `❤` for `❤️`. */
export const isEmoji = (text: string): boolean => ONE_EMOJI.test(text.replaceAll('\uFE0F', '').replace(NEEDS_SELECTOR, '$&\uFE0F'))
