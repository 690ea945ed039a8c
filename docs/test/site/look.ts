import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** A page with everything that it loads has at most this size before compression. */
const MAX_BYTES = 900_000

/** The limit for a good cumulative layout shift is 0.1. */
const MAX_SHIFT = 0.1

/** Evaluated in the browser: by how many pixels a page is wider than its window. */
const TOO_WIDE = '(document.documentElement.scrollWidth - window.innerWidth)'

/**
 * Evaluated in the browser: the bytes of the page and of its scripts, styles and images. Chunks of
 * other pages that Docusaurus fetches in advance are not part of it.
 */
const BYTES = `performance.getEntriesByType('navigation').concat(
  performance.getEntriesByType('resource').filter(({ initiatorType, name }) =>
    ['script', 'img', 'css'].includes(initiatorType) || /\\.css$/.test(name)),
).reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)`

const SHIFT = `new Promise((resolve) => {
  let sum = 0
  const observer = new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) sum += value
  })
  observer.observe({ type: 'layout-shift', buffered: true })
  requestAnimationFrame(() => setTimeout(() => resolve(sum)))
})`

/** A hidden image, such as a diagram for the other theme, is never loaded. */
const LOAD_IMAGES = `for (const image of document.images)
  if (image.getClientRects().length > 0) image.loading = 'eager'`

/** Opens a page in a wide and then in a narrow window, and returns the faults of its layout. */
export async function layoutProblems(page: Page, base: string, route: string): Promise<string[]> {
  const problems: string[] = []
  await page.setViewportSize({ width: 1_280, height: 900 })
  await page.goto(base + route)
  await page.evaluate(LOAD_IMAGES)
  await page.waitForLoadState('networkidle')
  const bytes = await page.evaluate<number>(BYTES)
  if (!(bytes > 0 && bytes <= MAX_BYTES)) problems.push(`${route}: loads ${bytes} bytes`)
  const shift = await page.evaluate<number>(SHIFT)
  if (!(shift < MAX_SHIFT)) problems.push(`${route}: shifts by ${shift}`)
  const broken = await page.evaluate<string[]>(
    `[...document.images].filter(
      (image) => image.getClientRects().length > 0 && image.naturalWidth === 0).map(({ src }) => src)`,
  )
  for (const source of broken) problems.push(`${route}: the image ${source} is not drawn`)
  await page.setViewportSize({ width: 390, height: 844 })
  // Scripts rearrange the page when its window changes, so this waits.
  await page.waitForFunction(`${TOO_WIDE} <= 0`, undefined, { timeout: 5_000 }).catch(async () => {
    problems.push(`${route}: ${await page.evaluate(TOO_WIDE)} px wider than a phone`)
  })
  return problems
}

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

/** The serious and critical problems that axe finds on the open page, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source })
  const violations = await page.evaluate<Violation[]>(
    'axe.run().then((result) => result.violations)',
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}
