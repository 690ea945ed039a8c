import type { StoredMessage } from './model.ts'

/**
 * Counted in code points. Longer words are cut, because the keys of an index have a maximum size.
 */
const MAX_WORD_LENGTH = 64
const MAX_WORDS = 200

/** A word, an emoji with its modifiers, or a run of punctuation such as the `!!!` of `wow!!!`. */
const TOKEN =
  /[\p{L}\p{N}_]+|\p{Regional_Indicator}{1,2}|\p{Extended_Pictographic}\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}\p{Emoji_Modifier}?){0,9}|[[\p{P}\p{S}]--[\p{Extended_Pictographic}\p{Regional_Indicator}_]]+/gv
const PUNCTUATION = /^[[\p{P}\p{S}]--[\p{Extended_Pictographic}\p{Regional_Indicator}_]]+$/v

/**
 * The words of a text for the index: lower case, without accents, each once. A search finds
 * messages that contain all of its words. A search engine would add relevance, stemming and
 * phrases.
 *
 * The list also has the plain form of each word, and runs of punctuation. They come last, so that
 * the limit on the number of words drops them first.
 */
export function indexWords(text: string): string[] {
  const tokens = tokensOf(text)
  const words = tokens.filter((token) => !PUNCTUATION.test(token))
  const punctuation = tokens.filter((token) => PUNCTUATION.test(token))
  return [...new Set([...words, ...words.map(plainForm), ...punctuation])]
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
}

/**
 * The words that a message must contain to match a query. Punctuation counts only if the query has
 * no words. A query without any token, such as a zero-width space, stays one word that matches
 * nothing. An empty list would match every message.
 */
export function queryWords(text: string): string[] {
  const tokens = tokensOf(text)
  const words = tokens.filter((token) => !PUNCTUATION.test(token))
  if (words.length > 0) return words.slice(0, MAX_WORDS)
  return tokens.length > 0 || text.trim() === '' ? tokens.slice(0, MAX_WORDS) : [text]
}

function tokensOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const tokens = (plain.match(TOKEN) ?? []).map((token) =>
    [...token].slice(0, MAX_WORD_LENGTH).join(''),
  )
  return [...new Set(tokens)]
}

/**
 * The word without skin tones and Markdown underscores, so that `👍` finds `👍🏽`, and `nice` finds
 * `_nice_`. U+FE0F is already gone, removed with the accents.
 */
const plainForm = (word: string): string =>
  word.replace(/\p{Emoji_Modifier}/gu, '').replace(/^_+|_+$/g, '')

/**
 * A kind of content that a search can filter by. Files, stickers and polls are outside of the
 * contract, so no message contains one.
 */
export type ContentKind = 'link' | 'embed' | 'image'

export function contentKindsOf({
  content,
  embeds = [],
}: Pick<StoredMessage, 'content' | 'embeds'>): ContentKind[] {
  const hasImage = (embeds as readonly { image?: object; thumbnail?: object }[]).some(
    ({ image, thumbnail }) => image ?? thumbnail,
  )
  return [
    ...(/https?:\/\/[^\s<>]/i.test(content) ? ['link' as const] : []),
    ...(embeds.length > 0 ? ['embed' as const] : []),
    ...(hasImage ? ['image' as const] : []),
  ]
}
