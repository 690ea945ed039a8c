/** Words longer than this are cut: a word is a key of an index, and keys have a size. */
const LONGEST = 64
const MOST = 200

/**
 * The words of a text as an index keeps them: lower case, without accents, once each. Search means "all of these words";
 * relevance, stemming and phrases are what a search engine would add.
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words = (plain.match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => [...word].slice(0, LONGEST).join(''))
  return [...new Set(words)].slice(0, MOST)
}
