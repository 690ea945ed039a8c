import { type Chromium, findChromium } from '@threshold/engines'
import {
  type Browser,
  type BrowserContextOptions,
  chromium as driver,
  type Page,
} from 'playwright-core'
import { expect } from 'vitest'

/** A page in a browser context of its own, with a record of its requests and errors. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** HTTP and WebSocket requests of the page and of everything it loaded. */
  readonly requests: URL[]
  /** Uncaught errors, and errors in the console. */
  readonly errors: string[]
}

export interface VisitorBrowser extends AsyncDisposable {
  /** Opens the page of a stage. The URL may have an invite after `#`. */
  visit(url: string, options?: BrowserContextOptions): Promise<Visitor>
}

/** Less than the limit of a test, so that a failure names the element that did not appear. */
const WAIT_MS = 20_000

/** Starts one browser for a suite. Each visitor gets a context of its own. */
export async function launchBrowser(): Promise<VisitorBrowser> {
  const { executablePath, env }: Chromium = await findChromium()
  const browser: Browser = await driver.launch({ executablePath, env })
  return {
    async visit(url, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1_280, height: 800 },
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(WAIT_MS)
      const visitor: Visitor = {
        page,
        requests: [],
        errors: [],
        [Symbol.asyncDispose]: () => context.close(),
      }
      page.on('request', (request) => visitor.requests.push(new URL(request.url())))
      page.on('websocket', (socket) => visitor.requests.push(new URL(socket.url())))
      page.on('pageerror', (error) => visitor.errors.push(error.message))
      page.on(
        'console',
        (message) => message.type() === 'error' && visitor.errors.push(message.text()),
      )
      await page.goto(url)
      return visitor
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

export const status = (page: Page) => page.locator('#status')
export const live = (page: Page) => status(page).and(page.locator('[data-phase="live"]'))

export async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Enter' }).click()
  await live(page).waitFor()
}

export async function createGuild(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Create or join a guild' }).click()
  await page.getByLabel('Name of the new guild').fill(name)
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
}

/** The invite link that the page shows. */
export async function inviteLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Invite someone' }).click()
  const link = page.getByRole('textbox', { name: 'Link' })
  await expect.poll(() => link.inputValue(), { timeout: WAIT_MS }).not.toBe('')
  const url = await link.inputValue()
  await page.getByRole('button', { name: 'Done' }).click()
  return url
}

/** Sends a message, and waits until it is shown as sent. */
export async function sendMessage(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await message(page, text).waitFor()
}

export const message = (page: Page, text: string) =>
  page.locator('.message[data-id]').filter({ has: page.getByText(text, { exact: true }) })

/** The texts of all messages on the page, in order. */
export const transcript = (page: Page): Promise<string[]> =>
  page.locator('.message[data-id] .content').allInnerTexts()
