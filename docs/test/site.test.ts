import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findChromium } from '@threshold/engines'
import { type Browser, chromium as driver, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOCS, DOCUSAURUS, installDocs } from '../../scripts/src/docs-site.ts'
import { type Built, withoutNetwork } from './site/build.ts'
import { type Crawled, crawl, loadedBy, plain } from './site/crawl.ts'
import { serveSite } from './site/serve.ts'

const ROOT = path.dirname(DOCS)
const PAGES = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/docs/**/*.md', 'labs/*/README.md', 'stages/*/README.md']

/** Minutes: on a fresh clone the site's packages are fetched first. */
const SETUP_MS = 600_000

describe('the docs site', () => {
  let scratch: string
  let built: Built
  let site: Awaited<ReturnType<typeof serveSite>>
  let crawled: Map<string, Crawled>
  let browser: Browser

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'threshold-site-'))
    await installDocs(() => {})
    const dir = path.join(scratch, 'build')
    built = await withoutNetwork([DOCUSAURUS, 'build', '--out-dir', dir], { cwd: DOCS, scratch })
    expect(built.code, built.output).toBe(0)
    site = await serveSite(DOCUSAURUS, { cwd: DOCS, dir })
    crawled = await crawl(site.url)
    const { executablePath, env } = await findChromium()
    browser = await driver.launch({ executablePath, env })
  }, SETUP_MS)

  afterAll(async () => {
    await browser?.close()
    await site?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  it('builds without a warning', () => {
    expect(built.output).not.toMatch(/\[(WARNING|ERROR)\]/)
  })

  it('asks no other machine for anything while it is built', () => {
    expect(built.reached).toEqual([])
  })

  it('would be caught if it did', async () => {
    const asking = `fetch('http://192.0.2.1/').catch(() => process.exit(3))`
    const { code, reached } = await withoutNetwork(['--eval', asking], { cwd: DOCS, scratch: await mkdtemp(path.join(scratch, 'asking-')) })
    expect({ code, reached }).toEqual({ code: 3, reached: ['192.0.2.1:80'] })
  })

  it('has every page there is, whole before any script has run, and no dead link', () => {
    expect([...crawled.values()].filter(({ status }) => status !== 200).map(({ route }) => route)).toEqual([])
    const titles = globSync(PAGES, { cwd: ROOT }).map((file) => titleOf(readFileSync(path.join(ROOT, file), 'utf8')))
    const headings = new Set([...crawled.values()].flatMap((page) => page.headings))
    expect(titles.filter((title) => !headings.has(title))).toEqual([])
  })

  it('names no other host in what a browser loads by itself', () => {
    const foreign = [...crawled.values()].flatMap(({ route, html }) =>
      loadedBy(html)
        .filter(isElsewhere)
        .map((url) => `${route}: ${url}`),
    )
    expect(foreign).toEqual([])
  })

  it('shows each page without a foreign request, an error, or a phone that must be scrolled sideways', { timeout: 300_000 }, async () => {
    const routes = [...crawled.keys()].filter((route) => !route.startsWith('/source/') && route !== '/search')
    expect(routes.length).toBeGreaterThan(20)
    const faults: string[] = []
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } })
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url) && !/^(data|blob):/.test(request.url())) faults.push(`asked for ${request.url()}`)
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    for (const route of [...routes, '/source/stages/1-monolith-mongodb/src/compose.ts']) {
      await page.setViewportSize({ width: 1_280, height: 900 })
      await page.goto(site.url + route)
      if (crawled.get(route)!.html.includes('```mermaid')) faults.push(`${route}: a diagram as text`)
      await diagramsAreDrawn(page, sourceHasDiagram(route))
      await page.setViewportSize({ width: 390, height: 844 })
      const tooWide = (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
      if (tooWide > 0) faults.push(`${route}: ${tooWide} px wider than a phone`)
    }
    expect(faults).toEqual([])
  })

  it('finds a word without asking anybody else', { timeout: 60_000 }, async () => {
    const page = await browser.newPage()
    await page.goto(site.url, { waitUntil: 'networkidle' })
    const box = page.getByPlaceholder('Search').first()
    await box.click()
    await box.pressSequentially('tombstone')
    const found = page.getByRole('option').filter({ hasText: 'Glossary' })
    await found.click()
    await page.waitForURL(/glossary/)
    expect(await page.locator('main').textContent()).toMatch(/tombstone/i)
  })

  it('is type-checked, its configuration and these tests too', { timeout: 120_000 }, () => {
    const { status, stdout } = spawnSync(process.execPath, [path.join(ROOT, 'node_modules/@typescript/native/bin/tsc'), '-p', DOCS], {
      encoding: 'utf8',
    })
    expect(status, stdout).toBe(0)
  })

  /** Drawn by a script after the page has come: waited for, since a page without its picture has only half its argument. */
  async function diagramsAreDrawn(page: Page, wanted: number): Promise<void> {
    if (wanted > 0) await expect.poll(() => page.locator('svg[id^="mermaid"]').count(), { timeout: 30_000 }).toBe(wanted)
  }

  const diagrams = new Map(
    globSync(PAGES, { cwd: ROOT }).map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8')
      return [titleOf(text), text.match(/^```mermaid$/gm)?.length ?? 0]
    }),
  )
  const sourceHasDiagram = (route: string): number => diagrams.get(crawled.get(route)?.headings[0] ?? '') ?? 0
})

/** The first heading of a page, as it reads once rendered. */
const titleOf = (markdown: string): string => plain(/^# (.+)$/m.exec(markdown)![1]!.replaceAll('`', ''))

const isElsewhere = (url: string): boolean => /^([a-z]+:)?\/\//i.test(url)
