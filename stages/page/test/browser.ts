import { type Chromium, findChromium } from '@threshold/engines'
import {
  type Browser,
  type BrowserContextOptions,
  chromium as driver,
  type Page,
} from 'playwright-core'
import { expect } from 'vitest'

/** Somebody with a browser of their own, and what that browser did besides. */
export interface Person extends AsyncDisposable {
  readonly page: Page
  /** Addresses asked for over HTTP and WebSocket, by this page and whatever it loaded. */
  readonly asked: URL[]
  /** Errors that nobody caught, and everything the console calls an error. */
  readonly errors: string[]
}

export interface People extends AsyncDisposable {
  /** Opens the page of a stage; the address may carry an invite after `#`. */
  visit(address: string, options?: BrowserContextOptions): Promise<Person>
}

/**
 * Milliseconds for whatever is waited for; less than a test's own, so that a failure names what did
 * not come.
 */
const PATIENCE_MS = 20_000

/** One browser for a suite; each person gets a context, which shares nothing with the others'. */
export async function people(): Promise<People> {
  const { executablePath, env }: Chromium = await findChromium()
  const browser: Browser = await driver.launch({ executablePath, env })
  return {
    async visit(address, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1_280, height: 800 },
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(PATIENCE_MS)
      const person: Person = {
        page,
        asked: [],
        errors: [],
        [Symbol.asyncDispose]: () => context.close(),
      }
      page.on('request', (request) => person.asked.push(new URL(request.url())))
      page.on('websocket', (socket) => person.asked.push(new URL(socket.url())))
      page.on('pageerror', (error) => person.errors.push(error.message))
      page.on(
        'console',
        (message) => message.type() === 'error' && person.errors.push(message.text()),
      )
      await page.goto(address)
      return person
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
  await page.getByLabel('Create one: its name').fill(name)
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
}

/** The link that the page itself hands out. */
export async function inviteLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Invite someone' }).click()
  const link = page.getByRole('textbox', { name: 'Link' })
  await expect.poll(() => link.inputValue(), { timeout: PATIENCE_MS }).not.toBe('')
  const address = await link.inputValue()
  await page.getByRole('button', { name: 'Done' }).click()
  return address
}

/** Sends, and returns once the message stands there as a sent one. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.keyboard.press('Enter')
  await message(page, text).waitFor()
}

export const message = (page: Page, text: string) =>
  page.locator('.message[data-id]').filter({ has: page.getByText(text, { exact: true }) })

/** Every message on the screen, in order, as it reads. */
export const transcript = (page: Page): Promise<string[]> =>
  page.locator('.message[data-id] .content').allInnerTexts()
