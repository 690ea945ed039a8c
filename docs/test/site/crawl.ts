/** A page as it lies on the disk of whoever serves it, before any script has run. */
export interface Crawled {
  readonly route: string
  readonly status: number
  readonly html: string
  readonly headings: readonly string[]
}

/**
 * Follows every link of the site from its start page. Anchors and other hosts are left out; so is
 * nothing else.
 */
export async function crawl(base: string): Promise<Map<string, Crawled>> {
  const seen = new Map<string, Crawled>()
  let next = ['/']
  while (next.length > 0) {
    const found = await Promise.all(next.map((route) => look(base, route)))
    for (const page of found) seen.set(page.route, page)
    next = [...new Set(found.flatMap(({ html }) => routesIn(html)))].filter(
      (route) => !seen.has(route),
    )
  }
  return seen
}

async function look(base: string, route: string): Promise<Crawled> {
  const response = await fetch(base + route)
  const html = await response.text()
  const headings = [...html.matchAll(/<h1\b[^>]*>(.*?)<\/h1>/gs)].map((match) => plain(match[1]!))
  return { route, status: response.status, html, headings }
}

const routesIn = (html: string): string[] =>
  [...html.matchAll(/<a\b[^>]*?\shref=(?:"([^"]*)"|([^\s>]+))/g)]
    .map((match) => decode(match[1] ?? match[2]!).split('#')[0]!)
    .filter((href) => href.startsWith('/') && !href.startsWith('//'))

/** What an HTML page makes a browser load by itself. Where a person may click is not among it. */
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
