import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { type Browser, chromium as driver } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DOCS_FOLDER, installDocsPackages } from '../../scripts/src/docs-packages.ts'
import { type Cache, type Running, startCommand, temporaryCache } from '../../scripts/test/cli.ts'
import { type CrawledPage, crawl, loadedBy, plain } from './site/crawl.ts'
import { accessibilityProblems, layoutProblems } from './site/look.ts'
import { type NoNetwork, noNetwork } from './site/no-network.ts'

const ROOT = path.dirname(DOCS_FOLDER)
const PAGES = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/docs/**/*.md',
  'labs/*/README.md',
  'stages/*/README.md',
]

/** The labs with a recorded run. */
const RECORDED = globSync('labs/*/recorded/report.json', { cwd: ROOT }).map((file) =>
  path.dirname(path.dirname(file)),
)

/** Fetching the site's packages on a fresh clone takes minutes, and other suites share the CPU. */
const SETUP_MS = 900_000
const BUILD_MS = 420_000

/** A lab's page, where a question, a table, code and perhaps a recorded run stand together. */
const LAB = '/labs/1.3-blast-radius'

/** Runs `threshold docs` as a reader does, but without a network. */
describe.runIf(allTests())('the docs site', () => {
  let cache: Cache
  let network: NoNetwork
  let command: Running
  let url: string
  let crawled: Map<string, CrawledPage>
  let browser: Browser

  beforeAll(async () => {
    // This takes a minute or more on a fresh clone. It would look like a hang without output.
    await installDocsPackages(({ text }) => void process.stderr.write(`docs: ${text}\n`))
    cache = await temporaryCache()
    network = await noNetwork()
    command = startCommand(['docs', '--port', '0'], { env: { ...cache.env, ...network.env } })
    const ended = command.finished.then(({ code, stderr }) =>
      Promise.reject(new Error(`threshold docs ended with ${code}: ${stderr}`)),
    )
    url = await Promise.race([
      vi.waitFor(() => readyLine(command), { timeout: BUILD_MS, interval: 100 }),
      ended,
    ])
    ended.catch(() => {}) // a test ends the command later
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

  it('reaches no other machine while it is built and served', async () => {
    expect(await network.attempts()).toEqual([])
  })

  it('is tested with a preload that detects attempts to do so', async () => {
    await using other = await noNetwork()
    const script = `fetch('http://192.0.2.1/').catch(() => process.exit(3))`
    const { status } = spawnSync(process.execPath, ['--eval', script], {
      env: { ...process.env, ...other.env },
    })
    expect({ status, attempts: await other.attempts() }).toEqual({
      status: 3,
      attempts: ['192.0.2.1:80'],
    })
  })

  it('serves every page complete, without scripts, and has no dead link', () => {
    expect(
      [...crawled.values()].filter(({ status }) => status !== 200).map(({ route }) => route),
    ).toEqual([])
    const titles = globSync(PAGES, { cwd: ROOT }).map((file) =>
      titleOf(readFileSync(path.join(ROOT, file), 'utf8')),
    )
    const headings = new Set([...crawled.values()].flatMap((page) => page.headings))
    expect(titles.filter((title) => !headings.has(title))).toEqual([])
  })

  it('names no other host in the addresses that a browser loads by itself', () => {
    const all = [...crawled.values()].flatMap(({ route, html }) =>
      loadedBy(html).map((loaded) => `${route}: ${loaded}`),
    )
    expect(all.length).toBeGreaterThan(crawled.size)
    expect(all.filter((line) => /: ([a-z]+:)?\/\//i.test(line))).toEqual([])
  })

  it('shows each page without requests to other hosts, errors, excess weight, layout shift, or sideways scrolling on a phone', {
    timeout: 300_000,
  }, async () => {
    const routes = [...crawled.keys()].filter((route) => !route.startsWith('/source/'))
    expect(routes.length).toBeGreaterThan(20)
    const problems: string[] = []
    const page = await browser.newPage()
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
        problems.push(`requested ${request.url()}`)
    })
    page.on('pageerror', (error) => isPageError(error.message) && problems.push(error.message))
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && isPageError(message.text()) && problems.push(message.text()),
    )
    for (const route of [...routes, longestSource(crawled)])
      problems.push(...(await layoutProblems(page, url, route)))
    await page.close()
    expect(problems).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'has no serious accessibility problem on a %s screen',
    { timeout: 120_000 },
    async (colorScheme) => {
      const page = await browser.newPage({ colorScheme })
      const problems: string[] = []
      for (const route of ['/', LAB, '/commands', '/learn-alone', '/no-such-page']) {
        await page.goto(url + route, { waitUntil: 'networkidle' })
        for (const problem of await accessibilityProblems(page))
          problems.push(`${route} ${problem}`)
      }
      await page.close()
      expect(problems).toEqual([])
    },
  )

  it.each([
    ['reset', 'Commands'],
    ['doctor', 'Commands'],
    ['compare', 'Commands'],
    ['tombstone', 'Lab 2.4: tombstones'],
    ['glossary', 'Glossary'],
    ['histogram', 'Glossary'],
  ])('finds %s on the page %s first', { timeout: 60_000 }, async (word, title) => {
    const page = await browser.newPage()
    await page.goto(url, { waitUntil: 'networkidle' })
    const box = page.getByPlaceholder('Search').first()
    await box.click()
    await box.pressSequentially(word)
    const first = page.getByRole('option').first()
    await first.waitFor()
    expect(await first.textContent()).toContain(title)
    await page.close()
  })

  it.runIf(RECORDED.length > 0)(
    'plays each recorded run, and shows nothing before the prediction',
    {
      timeout: 120_000,
    },
    async () => {
      const page = await browser.newPage({ reducedMotion: 'reduce' })
      for (const folder of RECORDED) {
        await page.goto(`${url}/${folder}`)
        const player = page.getByRole('region', { name: /^Recorded run of lab/ })
        await player.getByText(/^Recorded run of \d{4}-\d{2}-\d{2} on /).waitFor()
        expect(await player.locator('.guild-grid').count()).toBe(0)
        await player.getByRole('button', { name: 'Commit and play' }).click()
        await player.getByText('an answer is missing').first().waitFor()
        await player.getByRole('button', { name: 'Pass, just play' }).click()
        await player.getByRole('cell', { name: 'passed' }).first().waitFor()
        expect(await player.locator('.guild-grid').count()).toBeGreaterThan(0)
        expect(await accessibilityProblems(page)).toEqual([])
      }
      await page.close()
    },
  )

  it('leads on from an address without a page', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    const response = await page.goto(`${url}/comands`)
    expect(response!.status()).toBe(404)
    const main = page.locator('main')
    await main.getByRole('link', { name: 'Commands', exact: true }).click()
    await page.waitForURL(`${url}/commands`)
    await page.goto(`${url}/no-such/histogram`)
    await main.getByRole('link', { name: /search/i }).click()
    await page.getByRole('heading', { name: 'Glossary' }).waitFor()
    await page.close()
  })

  it('passes the type check, with its configuration and these tests', { timeout: 120_000 }, () => {
    const tsc = path.join(ROOT, 'node_modules/@typescript/native/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', DOCS_FOLDER], {
      encoding: 'utf8',
    })
    expect(status, stdout).toBe(0)
  })

  it('ends after Ctrl-C, with its server', { timeout: 60_000 }, async () => {
    command.child.kill('SIGINT')
    await command.finished
    expect(await cache.registered()).toEqual([])
    await expect(fetch(url)).rejects.toThrow()
  })
})

function readyLine(command: Running): string {
  const [, url] = /^ready (http:\S+)$/m.exec(command.stdout()) ?? []
  if (url === undefined) throw new Error(`not ready: ${command.stderr()}`)
  return url
}

/** The first heading of a page, as it reads once rendered. */
const titleOf = (markdown: string): string =>
  plain(/^# (.+)$/m.exec(markdown)![1]!.replaceAll('`', ''))

/** The page of a source file with the most HTML. */
const longestSource = (crawled: ReadonlyMap<string, CrawledPage>): string =>
  [...crawled.values()]
    .filter(({ route }) => route.startsWith('/source/'))
    .reduce((a, b) => (a.html.length < b.html.length ? b : a)).route

/**
 * Ignores an error of Docusaurus 3.10. When the window changes, its useCodeWordWrap also measures
 * code blocks that React has just removed.
 */
const isPageError = (message: string): boolean =>
  !/Cannot destructure property 'scrollWidth'/.test(message)
