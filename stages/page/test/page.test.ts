import { type StageProcess, startStage } from '@threshold/engines'
import { allTests, type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createGuild,
  inviteLink,
  live,
  message,
  type People,
  people,
  say,
  signIn,
  status,
  transcript,
} from './browser.ts'
import { account, history } from './rest.ts'

let database: LeasedDatabase
let stage: StageProcess
let browser: People

beforeAll(async () => {
  database = await leaseDatabase()
  stage = await startStage({ stage: 1, engineUri: database.uri })
  browser = await people()
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await stage?.stop()
  await database?.[Symbol.asyncDispose]()
})

/** For what is polled; the browser's own waiting has the same. */
const PATIENCE = { timeout: 20_000 }

/**
 * What an attacker who got past the escaping would try, as it runs in the page: script, foreign
 * image, handler, request.
 */
const INJECTIONS = `(async () => {
  const heard = []
  document.addEventListener('securitypolicyviolation', (event) => heard.push(event.effectiveDirective))
  const script = document.createElement('script')
  script.textContent = 'window.taken = true'
  document.body.append(script)
  const image = document.createElement('img')
  image.src = 'http://example.org/x.png'
  document.body.append(image)
  const button = document.createElement('div')
  button.innerHTML = '<b onclick="window.taken = true">x</b>'
  document.body.append(button)
  button.querySelector('b')?.click()
  await fetch('http://example.org/').catch(() => {})
  while (heard.length < 4) await new Promise((resolve) => setTimeout(resolve, 10))
  return { heard: heard.toSorted(), taken: 'taken' in window }
})()`

/** Pixels between what is seen of the history and its end. */
const FROM_END =
  "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.getElementById('history'))"

/** Two people in one guild, the second by the first one's link. */
async function pair(url = stage.url) {
  const use = new AsyncDisposableStack()
  const ada = use.use(await browser.visit(url))
  await signIn(ada.page, 'Ada')
  await createGuild(ada.page, 'Analytical Engines')
  const grace = use.use(await browser.visit(await inviteLink(ada.page)))
  await signIn(grace.page, 'Grace')
  await grace.page.getByRole('textbox', { name: 'Message' }).waitFor()
  return { ada, grace, [Symbol.asyncDispose]: () => use.disposeAsync() }
}

/** What the tab remembers of itself. */
async function remembered(page: Page, what: 'identity' | 'place'): Promise<Record<string, string>> {
  return JSON.parse(await page.evaluate(`sessionStorage.getItem('threshold.${what}') ?? '{}'`))
}

describe('the chat page', { timeout: 90_000 }, () => {
  it('lets two people meet by an invite and talk, typing, reactions, edits and deletions included', async () => {
    await using both = await pair()
    const { ada, grace } = both
    await say(ada.page, 'Is anybody here?')
    await message(grace.page, 'Is anybody here?').waitFor()
    await grace.page.getByRole('textbox', { name: 'Message' }).pressSequentially('Yes')
    await ada.page.getByText('Grace is typing…').waitFor()
    await grace.page.keyboard.press('Enter')
    await message(ada.page, 'Yes').waitFor()
    await ada.page.getByText('Grace is typing…').waitFor({ state: 'hidden' })
    await ada.page
      .locator('#member-list [data-status="online"]')
      .filter({ hasText: 'Grace' })
      .waitFor()

    await message(ada.page, 'Yes').hover()
    await message(ada.page, 'Yes').getByRole('button', { name: 'React with 🎉' }).click()
    await message(grace.page, 'Yes').getByRole('button', { name: '🎉, 1', exact: true }).click()
    await message(ada.page, 'Yes').getByRole('button', { name: '🎉, 2, yours' }).waitFor()

    await grace.page.getByRole('textbox', { name: 'Message', exact: true }).press('ArrowUp')
    await grace.page.getByRole('textbox', { name: 'Edit message' }).fill('Yes, I am')
    await grace.page.keyboard.press('Enter')
    await message(ada.page, 'Yes, I am')
      .or(ada.page.getByText('Yes, I am (edited)'))
      .first()
      .waitFor()

    await message(ada.page, 'Is anybody here?').hover()
    await message(ada.page, 'Is anybody here?')
      .getByRole('button', { name: /^Delete/ })
      .click()
    await message(grace.page, 'Is anybody here?').waitFor({ state: 'detached' })
    expect([ada.errors, grace.errors]).toEqual([[], []])
  })

  it('says that it reconnects, comes back by itself, and shows every message once', async () => {
    await using mortal = await startStage({ stage: 1, engineUri: database.uri })
    await using both = await pair(mortal.url)
    const { ada, grace } = both
    await grace.page.clock.install()
    await say(ada.page, 'before')
    const channel = (await remembered(ada.page, 'place')).channelId ?? ''
    const witness = await account(mortal.url, (await remembered(ada.page, 'identity')).token)
    await mortal.kill()
    for (const { page } of [ada, grace])
      await status(page)
        .and(page.getByText(/^Reconnecting/))
        .waitFor()
    await status(ada.page)
      .and(ada.page.getByText(/^Reconnecting in \d+ s$/))
      .waitFor()
    // Written while nobody hears it: it is kept, and goes out when it can.
    await grace.page.getByRole('textbox', { name: 'Message' }).fill('from the dark')
    await grace.page.keyboard.press('Enter')
    await grace.page.getByText(/Not sent: .* It is sent again/).waitFor()

    // Her clock stands still while the stage comes back and is spoken to: nobody but the history
    // will tell her of it.
    await grace.page.clock.pauseAt(Number(await grace.page.evaluate('Date.now()')) + 1_000)
    await mortal.restart()
    for (const text of ['meanwhile 1', 'meanwhile 2', 'meanwhile 3'])
      await witness.say(channel, text)
    await grace.page.clock.resume()
    for (const { page } of [ada, grace]) await live(page).waitFor()
    await message(ada.page, 'from the dark').waitFor()
    await say(ada.page, 'after')
    await message(grace.page, 'after').waitFor()

    const stored = await history(witness, channel)
    expect(stored.toSorted()).toEqual([
      'after',
      'before',
      'from the dark',
      'meanwhile 1',
      'meanwhile 2',
      'meanwhile 3',
    ])
    expect(await transcript(ada.page)).toEqual(stored)
    expect(await transcript(grace.page)).toEqual(stored)
    await grace.page.getByText('3 messages arrived while you were away').waitFor()
  })

  it.runIf(allTests())(
    'shows what others write as text, whatever it looks like, and asks nobody but its own server',
    async () => {
      const attack = '<img src=x onerror="window.taken = true"><script>window.taken = true</script>'
      await using mallory = await browser.visit(stage.url)
      await signIn(mallory.page, '<img src=x onerror=taken=1>')
      await createGuild(mallory.page, attack.slice(0, 90))
      await using victim = await browser.visit(await inviteLink(mallory.page))
      await signIn(victim.page, 'Ada')
      await victim.page.getByRole('textbox', { name: 'Message' }).waitFor()
      await say(mallory.page, attack)
      await say(mallory.page, 'https://example.org/picture.png')
      await message(victim.page, attack).waitFor()
      await message(victim.page, attack).getByText('<img src=x onerror=taken=1>').waitFor()
      await victim.page.getByRole('button', { name: 'What the gateway sends' }).click()
      await victim.page.locator('#frame-list').getByText('MESSAGE_CREATE').last().click()

      for (const { page, asked, errors } of [mallory, victim]) {
        expect(await page.evaluate("'taken' in window")).toBe(false)
        expect(await page.locator('#chat :is(img, script, iframe, object)').count()).toBe(0)
        expect(asked.filter(({ host }) => host !== new URL(stage.url).host)).toEqual([])
        expect(asked.some(({ protocol }) => protocol === 'ws:')).toBe(true)
        expect(errors).toEqual([])
      }
    },
  )

  it.runIf(allTests())(
    'scrolls back through a long history page by page, and keeps the place one reads at',
    async () => {
      await using reader = await browser.visit(stage.url)
      const { page } = reader
      await signIn(page, 'Ada')
      await createGuild(page, 'Library')
      const channel = (await remembered(page, 'place')).channelId ?? ''
      const writer = await account(stage.url, (await remembered(page, 'identity')).token)
      for (let n = 1; n <= 130; n++) await writer.say(channel, `line ${n}`)
      await page.reload()
      await message(page, 'line 130').waitFor()
      expect((await transcript(page)).length).toBeLessThan(130)

      const history = page.locator('#history')
      while ((await message(page, 'line 1').count()) === 0) {
        const top = (await page.locator('.message[data-id]').first().getAttribute('data-id')) ?? ''
        await page.evaluate("document.getElementById('history').scrollTop = 0")
        const known = page.locator(`.message[data-id="${top}"]`)
        // What stood at the top still stands there, with older lines above it.
        await expect
          .poll(
            async () =>
              (await page.locator('.message[data-id]').first().getAttribute('data-id')) !== top,
            PATIENCE,
          )
          .toBe(true)
        const box = await history.boundingBox()
        expect(Math.abs(((await known.boundingBox())?.y ?? 0) - (box?.y ?? 0))).toBeLessThan(120)
      }
      expect(await transcript(page)).toEqual(Array.from({ length: 130 }, (_, i) => `line ${i + 1}`))

      await writer.say(channel, 'line 131')
      await page.getByRole('button', { name: '1 new, jump to the newest' }).click()
      await expect.poll(() => page.evaluate(FROM_END), PATIENCE).toBeLessThan(5)
    },
  )

  it.runIf(allTests())('is usable by keyboard alone', async () => {
    await using both = await pair()
    const { page } = both.ada
    await say(both.grace.page, 'first')
    await say(both.grace.page, 'second')
    await message(page, 'second').waitFor()
    await page.locator('#history').focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await message(page, 'first').getByRole('button', { name: '👍, 1, yours' }).waitFor()
    await page.keyboard.press('Escape')
    // The second message's tools are no stops on the way to the box.
    await message(page, 'second').focus()
    await page.locator('#history').focus()
    await page.getByRole('button', { name: 'Add a guild' }).press('Enter')
    await page.getByLabel('Create one: its name').fill('Second home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /general.*Second home/ }).waitFor()
    await page.getByRole('button', { name: 'Analytical Engines' }).press('Enter')
    await message(page, 'second').waitFor()
  })

  it.runIf(allTests())('fits a phone: nothing sticks out, and the lists are drawers', async () => {
    await using visitor = await browser.visit(stage.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      colorScheme: 'dark',
    })
    const { page } = visitor
    await signIn(page, 'Ada')
    await createGuild(page, 'A guild with a name that is rather long for a telephone')
    await say(page, 'w'.repeat(300))
    const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    expect(await fits()).toBe(true)
    const places = page.getByRole('navigation', { name: 'Guilds and channels' })
    expect(await places.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Guilds and channels' }).tap()
    await places.getByRole('button', { name: 'general' }).tap()
    await places.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Members' }).tap()
    await page.getByText('Here · 1 of 1').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'What the gateway sends' }).tap()
    await page.getByRole('heading', { name: 'Gateway frames' }).waitFor()
    expect(await fits()).toBe(true)
    await page.getByRole('button', { name: 'Close the frames' }).tap()
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(
      background,
    )
  })

  it.runIf(allTests())(
    'runs no inline script and loads nothing from elsewhere, even if something were injected',
    async () => {
      await using visitor = await browser.visit(stage.url)
      const { page } = visitor
      const refused = await page.evaluate(INJECTIONS)
      expect(refused).toEqual({
        heard: ['connect-src', 'img-src', 'script-src-attr', 'script-src-elem'],
        taken: false,
      })
    },
  )

  it.runIf(allTests())(
    'refuses a token that is none, and leaves when its own is not accepted any more',
    async () => {
      await using visitor = await browser.visit(stage.url)
      const { page } = visitor
      await page.getByText('I have a token').click()
      await page.getByLabel("A user's token").fill('MTIz.abc.forged')
      await page.getByRole('button', { name: 'Use it' }).click()
      await page.getByText('The server does not know this token.').waitFor()

      const forged = JSON.stringify({
        token: 'MTIz.abc.forged',
        user: { id: '123', username: 'Eve' },
      })
      await page.evaluate(`sessionStorage.setItem('threshold.identity', ${JSON.stringify(forged)})`)
      await page.reload()
      await page.getByText('The server does not accept this token any more.').waitFor()

      const { token } = await account(stage.url)
      await page.getByText('I have a token').click()
      await page.getByLabel("A user's token").fill(`Bot ${token}`)
      await page.getByRole('button', { name: 'Use it' }).click()
      await live(page).waitFor()
      await page.reload()
      await live(page).waitFor()
    },
  )

  it.runIf(allTests())(
    'says so where no users are made, and takes a token there all the same',
    async () => {
      const secret = 'shared by two stages of this test alone'
      const open = { stage: 1, engineUri: database.uri }
      await using maker = await startStage({ ...open, env: { THRESHOLD_TOKEN_SECRET: secret } })
      const { token } = await account(maker.url)
      await using closed = await startStage({
        ...open,
        env: { THRESHOLD_TOKEN_SECRET: secret, THRESHOLD_PROVISIONING: 'off' },
      })
      await using visitor = await browser.visit(closed.url)
      const { page } = visitor
      await page.getByLabel('Your name').fill('Ada')
      await page.getByRole('button', { name: 'Enter' }).click()
      await page.getByText('This server makes no users by itself.').waitFor()
      await page.getByText('I have a token').click()
      await page.getByLabel("A user's token").fill(token)
      await page.keyboard.press('Enter')
      await live(page).waitFor()
      await page.getByRole('button', { name: 'Leave' }).click()
      await page.getByLabel('Your name').waitFor()
      await page.reload()
      await page.getByLabel('Your name').waitFor()
    },
  )
})
