import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { type Browser, chromium as driver, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DOCS_FOLDER, installDocsPackages } from '../../scripts/src/docs-packages.ts'
import { type Cache, type Running, startCommand, temporaryCache } from '../../scripts/test/cli.ts'
import { type Crawled, crawl, loadedBy, plain } from './site/crawl.ts'
import { type NoNetwork, noNetwork } from './site/no-network.ts'

const ROOT = path.dirname(DOCS_FOLDER)
const PAGES = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/docs/**/*.md',
  'labs/*/README.md',
  'stages/*/README.md',
]

/**
 * Minutes: on a fresh clone the site's packages are fetched first, and other suites share these
 * cores.
 */
const SETUP_MS = 900_000
const BUILD_MS = 420_000

/** Pixels that a page sticks out of its window, for a browser to tell. */
const TOO_WIDE = '(document.documentElement.scrollWidth - window.innerWidth)'

/** `threshold docs`, as a reader runs it, with its network taken away. */
describe.runIf(allTests())('the docs site', () => {
  let cache: Cache
  let network: NoNetwork
  let command: Running
  let url: string
  let crawled: Map<string, Crawled>
  let browser: Browser

  beforeAll(async () => {
    // A minute or more on a fresh clone: silence would look like a hang.
    await installDocsPackages(({ text }) => void process.stderr.write(`docs: ${text}\n`))
    cache = await temporaryCache()
    network = await noNetwork()
    command = startCommand(['docs', '--port', '0'], { env: { ...cache.env, ...network.env } })
    const ended = command.finished.then(({ code, stderr }) =>
      Promise.reject(new Error(`it ended with ${code}: ${stderr}`)),
    )
    url = await Promise.race([
      vi.waitFor(() => readyLine(command), { timeout: BUILD_MS, interval: 100 }),
      ended,
    ])
    ended.catch(() => {}) // it ends in a test, and that is as it should be
    crawled = await crawl(url)
    const { executablePath, env } = await findChromium()
    browser = await driver.launch({ executablePath, env })
  }, SETUP_MS)

  afterAll(async () => {
    await browser?.close()
    await command?.[Symbol.asyncDispose]()
    await network?.[Symbol.asyncDispose]()
    await cache?.[Symbol.asyncDispose]()
  })

  it('builds without a warning', () => {
    expect(command.stderr()).not.toMatch(/\[(WARNING|ERROR)\]/)
  })

  it('asks no other machine for anything while it is built and served', async () => {
    expect(await network.reached()).toEqual([])
  })

  it('would be caught if it did', async () => {
    await using other = await noNetwork()
    const asking = `fetch('http://192.0.2.1/').catch(() => process.exit(3))`
    const { status } = spawnSync(process.execPath, ['--eval', asking], {
      env: { ...process.env, ...other.env },
    })
    expect({ status, reached: await other.reached() }).toEqual({
      status: 3,
      reached: ['192.0.2.1:80'],
    })
  })

  it('has every page there is, whole before any script has run, and no dead link', () => {
    expect(
      [...crawled.values()].filter(({ status }) => status !== 200).map(({ route }) => route),
    ).toEqual([])
    const titles = globSync(PAGES, { cwd: ROOT }).map((file) =>
      titleOf(readFileSync(path.join(ROOT, file), 'utf8')),
    )
    const headings = new Set([...crawled.values()].flatMap((page) => page.headings))
    expect(titles.filter((title) => !headings.has(title))).toEqual([])
  })

  it('names no other host in what a browser loads by itself', () => {
    const all = [...crawled.values()].flatMap(({ route, html }) =>
      loadedBy(html).map((loaded) => `${route}: ${loaded}`),
    )
    expect(all.length).toBeGreaterThan(crawled.size)
    expect(all.filter((line) => /: ([a-z]+:)?\/\//i.test(line))).toEqual([])
  })

  it('shows each page without a foreign request, an error, or a phone that must be scrolled sideways', {
    timeout: 300_000,
  }, async () => {
    const routes = [...crawled.keys()].filter((route) => !route.startsWith('/source/'))
    expect(routes.length).toBeGreaterThan(20)
    const faults: string[] = []
    const page = await browser.newPage()
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
        faults.push(`asked for ${request.url()}`)
    })
    page.on('pageerror', (error) => ofThePage(error.message) && faults.push(error.message))
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && ofThePage(message.text()) && faults.push(message.text()),
    )
    for (const route of [...routes, '/source/stages/1-monolith-mongodb/src/compose.ts']) {
      await page.setViewportSize({ width: 1_280, height: 900 })
      await page.goto(url + route)
      await diagramsAreDrawn(page, route)
      await page.setViewportSize({ width: 390, height: 844 })
      // Waited for: scripts of the page arrange it anew when its window changes.
      await page
        .waitForFunction(`${TOO_WIDE} <= 0`, undefined, { timeout: 5_000 })
        .catch(async () => {
          faults.push(`${route}: ${await page.evaluate(TOO_WIDE)} px wider than a phone`)
        })
    }
    await page.close()
    expect(faults).toEqual([])
  })

  it('finds a word without asking anybody else', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    await page.goto(url, { waitUntil: 'networkidle' })
    const box = page.getByPlaceholder('Search').first()
    await box.click()
    // A word that few pages have: of many, the search shows the best.
    await box.pressSequentially('orphan')
    await page.getByRole('option').filter({ hasText: 'Glossary' }).click()
    await page.waitForURL(/glossary/)
    await page.locator('main').getByText('orphan', { exact: true }).first().waitFor()
  })

  it('is type-checked, its configuration and these tests too', { timeout: 120_000 }, () => {
    const tsc = path.join(ROOT, 'node_modules/@typescript/native/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', DOCS_FOLDER], {
      encoding: 'utf8',
    })
    expect(status, stdout).toBe(0)
  })

  it('is gone after Ctrl-C, with all that served it', { timeout: 60_000 }, async () => {
    command.child.kill('SIGINT')
    await command.finished
    expect(await cache.registered()).toEqual([])
    await expect(fetch(url)).rejects.toThrow()
  })

  /**
   * Drawn by a script after the page has come: waited for, since a page without its picture has
   * only half its argument.
   */
  async function diagramsAreDrawn(page: Page, route: string): Promise<void> {
    const wanted = DIAGRAMS.get(crawled.get(route)!.headings[0] ?? '') ?? 0
    if (wanted > 0)
      await expect
        .poll(() => page.locator('svg[id^="mermaid"]').count(), { timeout: 30_000 })
        .toBe(wanted)
  }
})

function readyLine(command: Running): string {
  const [, url] = /^ready (http:\S+)$/m.exec(command.stdout()) ?? []
  if (url === undefined) throw new Error(`not ready: ${command.stderr()}`)
  return url
}

/** The first heading of a page, as it reads once rendered. */
const titleOf = (markdown: string): string =>
  plain(/^# (.+)$/m.exec(markdown)![1]!.replaceAll('`', ''))

/** How many diagrams a page has, by its title. */
const DIAGRAMS = new Map(
  globSync(PAGES, { cwd: ROOT }).map((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8')
    return [titleOf(text), text.match(/^```mermaid$/gm)?.length ?? 0]
  }),
)

/**
 * Docusaurus measures a block of code when its window changes, also one that React has just taken
 * down: useCodeWordWrap, 3.10.
 */
const ofThePage = (message: string): boolean =>
  !/Cannot destructure property 'scrollWidth'/.test(message)
