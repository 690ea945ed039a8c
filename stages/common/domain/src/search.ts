import type { StoredMessage } from './model.ts'

/** Words longer than this are cut: a word is a key of an index, and keys have a size. */
const LONGEST = 64
const MOST = 200

/** A word, an emoji with its modifiers, or a run of signs such as the `!!!` of `wow!!!`. */
const TOKEN =
  /[\p{L}\p{N}_]+|\p{Regional_Indicator}{1,2}|\p{Extended_Pictographic}\p{Emoji_Modifier}?(?:\u200D\p{Extended_Pictographic}\p{Emoji_Modifier}?){0,9}|[[\p{P}\p{S}]--[\p{Extended_Pictographic}\p{Regional_Indicator}_]]+/gv
const SIGNS = /^[[\p{P}\p{S}]--[\p{Extended_Pictographic}\p{Regional_Indicator}_]]+$/v

/**
 * The words of a text as an index keeps them: lower case, without accents, once each. Search means
 * "all of these words"; relevance, stemming and phrases are what a search engine would add. The
 * index also keeps the plain form of a token, and runs of signs. Both come after the words as
 * written, so that a long message loses them first.
 */
export function indexWords(text: string): string[] {
  const tokens = tokensOf(text)
  const words = tokens.filter((token) => !SIGNS.test(token))
  const signs = tokens.filter((token) => SIGNS.test(token))
  return [...new Set([...words, ...words.map(plainForm), ...signs])]
    .filter((word) => word !== '')
    .slice(0, MOST)
}

/**
 * The words that a message must have to be found by a text. Signs count only where there is nothing
 * else. A text without any word, such as a zero-width space, is sought as it is and so found
 * nowhere, instead of everywhere.
 */
export function queryWords(text: string): string[] {
  const tokens = tokensOf(text)
  const words = tokens.filter((token) => !SIGNS.test(token))
  if (words.length > 0) return words.slice(0, MOST)
  return tokens.length > 0 || text.trim() === '' ? tokens.slice(0, MOST) : [text]
}

function tokensOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const tokens = (plain.match(TOKEN) ?? []).map((token) => [...token].slice(0, LONGEST).join(''))
  return [...new Set(tokens)]
}

/**
 * `👍🏽` is found by `👍`, and Markdown's `_nice_` by `nice`. NFKD and the accents' removal already
 * drop U+FE0F.
 */
const plainForm = (word: string): string =>
  word.replace(/\p{Emoji_Modifier}/gu, '').replace(/^_+|_+$/g, '')

/**
 * A search can ask for messages with these. Files, stickers and polls are outside the contract: no
 * message has any.
 */
export type ContentKind = 'link' | 'embed' | 'image'

export function contentKindsOf({
  content,
  embeds = [],
}: Pick<StoredMessage, 'content' | 'embeds'>): ContentKind[] {
  const pictures = (embeds as readonly { image?: object; thumbnail?: object }[]).some(
    ({ image, thumbnail }) => image ?? thumbnail,
  )
  return [
    ...(/https?:\/\/[^\s<>]/i.test(content) ? ['link' as const] : []),
    ...(embeds.length > 0 ? ['embed' as const] : []),
    ...(pictures ? ['image' as const] : []),
  ]
}
