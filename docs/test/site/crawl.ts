/** A page as the server sends it, before any script has run. */
export interface CrawledPage {
  readonly route: string
  readonly status: number
  readonly html: string
  readonly headings: readonly string[]
}

/** Follows every link of the site from its start page, except to anchors and other hosts. */
export async function crawl(base: string): Promise<Map<string, CrawledPage>> {
  const crawled = new Map<string, CrawledPage>()
  let next = ['/']
  while (next.length > 0) {
    const found = await Promise.all(next.map((route) => fetchPage(base, route)))
    for (const page of found) crawled.set(page.route, page)
    next = [...new Set(found.flatMap(({ html }) => routesIn(html)))].filter(
      (route) => !crawled.has(route),
    )
  }
  return crawled
}

async function fetchPage(base: string, route: string): Promise<CrawledPage> {
  const response = await fetch(base + route)
  const html = await response.text()
  const headings = [...html.matchAll(/<h1\b[^>]*>(.*?)<\/h1>/gs)].map((match) => plain(match[1]!))
  return { route, status: response.status, html, headings }
}

const routesIn = (html: string): string[] =>
  [...html.matchAll(/<a\b[^>]*?\shref=(?:"([^"]*)"|([^\s>]+))/g)]
    .map((match) => decode(match[1] ?? match[2]!).split('#')[0]!)
    .filter((href) => href.startsWith('/') && !href.startsWith('//'))

/** The addresses that a browser loads for a page by itself, without a click. */
export function loadedBy(html: string): string[] {
  const tags = [
    ...html.matchAll(
      /<(script|img|iframe|source|video|audio|embed|object|input|use|image)\b[^>]*>/gi,
    ),
  ].map((match) => match[0])
  const links = [...html.matchAll(/<link\b[^>]*>/gi)]
    .map((match) => match[0])
    .filter((tag) => !/\brel=["']?(canonical|alternate)\b/i.test(tag))
  return [...tags, ...links].flatMap((tag) =>
    [
      ...tag.matchAll(/\s(?:src|href|data|srcset|xlink:href)=(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi),
    ].map((match) => decode(match[1] ?? match[2] ?? match[3]!)),
  )
}

export const plain = (html: string): string =>
  decode(html.replace(/<[^>]*>/g, ''))
    .replace(/[\u200b\s]+/g, ' ')
    .trim()

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
  '#x27': "'",
}
const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, name: string) => ENTITIES[name]!)
