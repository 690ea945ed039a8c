import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findChromium } from '@threshold/engines'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatValue } from '../src/figure.ts'
import { loadLabs } from '../src/labs.ts'
import { renderReport } from '../src/report/html.ts'
import type { Report } from '../src/report/schema.ts'
import { reportOfLab } from './lab-report.ts'
import { reportOf } from './sample.ts'

const SCREEN = { width: 1_280, height: 720 }
const AXE = createRequire(import.meta.url).resolve('axe-core')
const labs = await loadLabs()

let browser: Browser
let folder: string

beforeAll(async () => {
  const { executablePath, env } = await findChromium()
  browser = await chromium.launch({ executablePath, env })
  folder = await mkdtemp(join(tmpdir(), 'threshold-screen-'))
})

afterAll(async () => {
  await browser?.close()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

const numbersIn = (text: string): string[] => text.match(/\d[\d,.]*\d|\d/g) ?? []

/** Opens the page from disk, as a learner does. */
async function open(
  report: Report,
  options: BrowserContextOptions = {},
): Promise<{ page: Page } & AsyncDisposable> {
  const file = join(folder, `${report.lab.id}.html`)
  await writeFile(file, renderReport(report))
  const context = await browser.newContext({ viewport: SCREEN, ...options })
  const page = await context.newPage()
  await page.goto(pathToFileURL(file).href)
  return { page, [Symbol.asyncDispose]: () => context.close() }
}

/** Fails unless each element is visible, whole, and inside the window. */
async function expectOnFirstScreen(page: Page, selectors: readonly string[]): Promise<void> {
  for (const selector of selectors) {
    const box = await page.locator(selector).first().boundingBox()
    expect(box, `${selector} is on the page`).not.toBeNull()
    expect(box!.x, `${selector}, left edge`).toBeGreaterThanOrEqual(0)
    expect(box!.y, `${selector}, top edge`).toBeGreaterThanOrEqual(0)
    expect(box!.x + box!.width, `${selector}, right edge`).toBeLessThanOrEqual(SCREEN.width)
    expect(box!.y + box!.height, `${selector}, bottom edge`).toBeLessThanOrEqual(SCREEN.height)
  }
  const cut = await page.evaluate(`[...document.querySelectorAll('.first *')]
    .filter((each) => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.outerHTML)`)
  expect(cut).toEqual([])
}

describe.each(labs.map((lab) => ({ id: lab.id, lab })))('the report of lab $id', ({ lab }) => {
  it('shows claim, prediction, picture, reason and next lab on one screen', async () => {
    const report = await reportOfLab(lab)
    await using opened = await open(report)
    const { page } = opened
    expect(await page.locator('h1').textContent()).toBe(report.headline.sentence)
    await expectOnFirstScreen(page, ['h1', '.prediction', '.claim', '.why', '.next', '.verdict'])
    for (const [index, { text }] of report.questions.entries())
      expect(await page.locator('.prediction li').nth(index).textContent()).toContain(text)
    for (const score of report.prediction.scores)
      expect(await page.locator('.prediction').textContent()).toContain(score)
    expect(await page.locator('.why a').textContent()).toMatch(/^[\w.-]+:\d+$/)
    if (report.next !== null)
      expect(await page.locator('.next').textContent()).toContain(report.next.command)
  })

  it('states only figures that report.json has', async () => {
    const { headline, figures, findings, questions } = await reportOfLab(lab)
    const last = Math.max(...figures.map(({ round }) => round))
    const values = [
      ...figures.filter(({ round }) => round === last),
      ...findings.filter(({ round }) => round === last).map(({ assertion }) => assertion),
      ...questions,
    ].map(({ unit, value }) => formatValue(unit, value ?? Number.NaN))
    const known = new Set([...values, String(lab.report.sentence)].flatMap(numbersIn))
    expect(numbersIn(headline.sentence ?? '').filter((number) => !known.has(number))).toEqual([])
  })

  it('draws the arm in which the stage broke first, and in red', async () => {
    const report = await reportOfLab(lab)
    await using opened = await open(report)
    const panels = await opened.page.locator('.panel').all()
    expect(panels.length).toBeGreaterThan(0)
    for (const panel of panels) {
      const classes = await panel
        .locator('li')
        .evaluateAll((bars) => bars.map((bar) => bar.className))
      const broke = classes.filter((name) => name === 'broke').length
      expect(classes.slice(0, broke)).toEqual(Array(broke).fill('broke'))
      const arms = report.arms.filter(({ status }) => status === 'broke')
      if (arms.length > 0 && classes.length > 1) expect(broke).toBeGreaterThan(0)
    }
  })
})

describe('the report page', () => {
  const banners = { recorded: true, control: 'the stage hangs in both arms' }

  it.each([390, 1_280, 1_920])('does not scroll sideways at %d pixels', async (width) => {
    await using opened = await open(reportOf(banners), { viewport: { width, height: 720 } })
    const { page } = opened
    await page.locator('summary').click()
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(overflow).toBeLessThanOrEqual(0)
  })

  it.each(['light', 'dark'] as const)('has no accessibility problem in %s', async (colorScheme) => {
    await using opened = await open(reportOf(banners), { colorScheme })
    const { page } = opened
    await page.locator('summary').click()
    // The page's policy refuses scripts; the browser's driver may still evaluate one.
    await page.evaluate(await readFile(AXE, 'utf8'))
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
  })

  it('keeps its first screen with every banner', async () => {
    await using opened = await open(reportOf(banners))
    await expectOnFirstScreen(opened.page, ['h1', '.prediction', '.claim', '.why', '.next'])
    expect(await opened.page.locator('.banner').allTextContents()).toEqual([
      expect.stringContaining('not measured on this machine'),
      expect.stringContaining('Negative control'),
    ])
  })

  it('shows every verdict in the same colours', async () => {
    const colours = new Set<unknown>()
    for (const verdict of ['supported', 'refuted', 'inconclusive', 'none'] as const) {
      await using opened = await open(reportOf({ verdict }))
      const { color, backgroundColor } = (await opened.page.evaluate(
        "({ ...getComputedStyle(document.querySelector('.verdict')) })",
      )) as Record<string, string>
      colours.add(`${color} on ${backgroundColor}`)
    }
    expect(colours.size).toBe(1)
  })

  it('leads with the reasons and the next step if the lab could not run', async () => {
    const reasons = ['the machine is too busy: node uses 1.8 of 2 cores']
    const nextStep =
      'close node, then run the same command again; or npx threshold lab 9.9 --demo shows it'
    const busiest = [{ name: 'node', share: 0.9 }]
    const report = reportOf({ verdict: 'could-not-run', reasons, nextStep, busiest })
    await using opened = await open(report)
    await expectOnFirstScreen(opened.page, ['h1', '.reasons', '.next'])
    expect(await opened.page.locator('.claim').count()).toBe(0)
    expect(await opened.page.locator('.reasons').first().textContent()).toContain('node uses 1.8')
    expect(await opened.page.locator('.next code').allTextContents()).toEqual([
      'npx threshold lab 9.9 --demo',
    ])
    expect(await opened.page.locator('.first').textContent()).toContain('node 90%')
  })
})
