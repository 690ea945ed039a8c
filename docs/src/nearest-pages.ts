import leven from 'leven'

export interface PageName {
  readonly route: string
  readonly title: string
}

/** How many pages are named. */
const NEAREST = 3

/** A name that differs in more than this share of its letters is another name. */
const MAX_DIFFERENCE = 0.5

/** The pages whose names are most similar to the last part of an address, best first. */
export function nearestPages(address: string, pages: readonly PageName[]): PageName[] {
  const wanted = lastPart(address)
  if (wanted === '') return []
  return pages
    .map((page) => ({ page, difference: difference(wanted, lastPart(page.route)) }))
    .filter((found) => found.difference <= MAX_DIFFERENCE)
    .sort((a, b) => a.difference - b.difference)
    .slice(0, NEAREST)
    .map(({ page }) => page)
}

/** The last part of an address, without an extension and in lower case. */
export const lastPart = (address: string): string =>
  address
    .replace(/\/(README|index)?(\.(md|html?))?\/*$/i, '')
    .replace(/\.(md|html?)$/i, '')
    .split('/')
    .at(-1)!
    .toLowerCase()

/** 0 for equal names, and for a name that contains the other: less than for a misspelled one. */
function difference(wanted: string, name: string): number {
  if (wanted === name) return 0
  const longer = Math.max(wanted.length, name.length)
  if (wanted.length >= 3 && name.length >= 3 && (name.includes(wanted) || wanted.includes(name)))
    return 0.1 * (1 - Math.min(wanted.length, name.length) / longer)
  return leven(wanted, name) / longer
}
