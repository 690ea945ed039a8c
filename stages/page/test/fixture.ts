import { type StageProcess, startStage } from '@threshold/engines'
import { type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import {
  createGuild,
  inviteLink,
  launchBrowser,
  signIn,
  type Visitor,
  type VisitorBrowser,
} from './browser.ts'

interface PageFixture {
  readonly database: LeasedDatabase
  readonly stage: StageProcess
  readonly browser: VisitorBrowser
  /** Two users in one guild. The second has joined by the invite of the first. */
  pair(url?: string): Promise<{ ada: Visitor; grace: Visitor } & AsyncDisposable>
}

/** A stage with a database, and a browser, for all tests of the calling file. */
export function usePageFixture(): PageFixture {
  let database: LeasedDatabase
  let stage: StageProcess
  let browser: VisitorBrowser
  beforeAll(async () => {
    database = await leaseDatabase()
    stage = await startStage({ stage: 1, engineUri: database.uri })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]()
    await stage?.stop()
    await database?.[Symbol.asyncDispose]()
  })
  return {
    get database() {
      return database
    },
    get stage() {
      return stage
    },
    get browser() {
      return browser
    },
    async pair(url = stage.url) {
      const use = new AsyncDisposableStack()
      const ada = use.use(await browser.visit(url))
      await signIn(ada.page, 'Ada')
      await createGuild(ada.page, 'Analytical Engines')
      const grace = use.use(await browser.visit(await inviteLink(ada.page)))
      await signIn(grace.page, 'Grace')
      await grace.page.getByRole('textbox', { name: 'Message' }).waitFor()
      return { ada, grace, [Symbol.asyncDispose]: () => use.disposeAsync() }
    },
  }
}

/** Values that the page keeps in the session storage of its tab. */
export async function storedInTab(
  page: Page,
  key: 'identity' | 'selection',
): Promise<Record<string, string>> {
  return JSON.parse(await page.evaluate(`sessionStorage.getItem('threshold.${key}') ?? '{}'`))
}
