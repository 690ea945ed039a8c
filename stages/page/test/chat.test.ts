import { startStage } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { createGuild, live, message, sendMessage, signIn, status, transcript } from './browser.ts'
import { storedInTab, usePageFixture } from './fixture.ts'
import { account, history } from './rest.ts'

const fixture = usePageFixture()

const POLL = { timeout: 20_000 }

const PIXELS_FROM_END = `(() => {
  const { scrollHeight, scrollTop, clientHeight } = document.getElementById('history')
  return scrollHeight - scrollTop - clientHeight
})()`

describe('the chat page', { timeout: 90_000 }, () => {
  it('lets two users meet by an invite, write, react, edit and delete, and see each other type', async () => {
    await using both = await fixture.pair()
    const { ada, grace } = both
    await sendMessage(ada.page, 'Is anybody here?')
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

  it('reconnects by itself, says so meanwhile, and then shows every message once', async () => {
    await using stage = await startStage({ stage: 1, engineUri: fixture.database.uri })
    await using both = await fixture.pair(stage.url)
    const { ada, grace } = both
    await grace.page.clock.install()
    await sendMessage(ada.page, 'before')
    const channel = (await storedInTab(ada.page, 'selection')).channelId ?? ''
    const witness = await account(stage.url, (await storedInTab(ada.page, 'identity')).token)
    await stage.kill()
    for (const { page } of [ada, grace])
      await status(page)
        .and(page.getByText(/^Reconnecting/))
        .waitFor()
    await status(ada.page)
      .and(ada.page.getByText(/^Reconnecting in \d+ s$/))
      .waitFor()
    // Sent while the stage is down. The page keeps the message, and sends it later.
    await grace.page.getByRole('textbox', { name: 'Message' }).fill('sent offline')
    await grace.page.keyboard.press('Enter')
    await grace.page.getByText(/Not sent: .* It is sent again/).waitFor()

    // Grace's clock stops while the stage returns and messages are sent. She gets no events for
    // them, and has to find them in the history.
    await grace.page.clock.pauseAt(Number(await grace.page.evaluate('Date.now()')) + 1_000)
    await stage.restart()
    for (const text of ['meanwhile 1', 'meanwhile 2', 'meanwhile 3'])
      await witness.sendMessage(channel, text)
    await grace.page.clock.resume()
    for (const { page } of [ada, grace]) await live(page).waitFor()
    await message(ada.page, 'sent offline').waitFor()
    await sendMessage(ada.page, 'after')
    await message(grace.page, 'after').waitFor()

    const stored = await history(witness, channel)
    expect(stored.toSorted()).toEqual([
      'after',
      'before',
      'meanwhile 1',
      'meanwhile 2',
      'meanwhile 3',
      'sent offline',
    ])
    expect(await transcript(ada.page)).toEqual(stored)
    expect(await transcript(grace.page)).toEqual(stored)
    await grace.page.getByText('3 messages arrived while you were away').waitFor()
  })

  it.runIf(allTests())(
    'scrolls up through a long history page by page, and keeps the scroll position',
    async () => {
      await using reader = await fixture.browser.visit(fixture.stage.url)
      const { page } = reader
      await signIn(page, 'Ada')
      await createGuild(page, 'Library')
      const channel = (await storedInTab(page, 'selection')).channelId ?? ''
      const writer = await account(fixture.stage.url, (await storedInTab(page, 'identity')).token)
      for (let n = 1; n <= 130; n++) await writer.sendMessage(channel, `line ${n}`)
      await page.reload()
      await message(page, 'line 130').waitFor()
      expect((await transcript(page)).length).toBeLessThan(130)

      const history = page.locator('#history')
      while ((await message(page, 'line 1').count()) === 0) {
        const top = (await page.locator('.message[data-id]').first().getAttribute('data-id')) ?? ''
        await page.evaluate("document.getElementById('history').scrollTop = 0")
        const topMessage = page.locator(`.message[data-id="${top}"]`)
        // The line that was at the top stays there, with older lines above it.
        await expect
          .poll(
            async () =>
              (await page.locator('.message[data-id]').first().getAttribute('data-id')) !== top,
            POLL,
          )
          .toBe(true)
        const box = await history.boundingBox()
        expect(Math.abs(((await topMessage.boundingBox())?.y ?? 0) - (box?.y ?? 0))).toBeLessThan(
          120,
        )
      }
      expect(await transcript(page)).toEqual(Array.from({ length: 130 }, (_, i) => `line ${i + 1}`))

      await writer.sendMessage(channel, 'line 131')
      await page.getByRole('button', { name: '1 new, jump to the newest' }).click()
      await expect.poll(() => page.evaluate(PIXELS_FROM_END), POLL).toBeLessThan(5)
    },
  )

  it.runIf(allTests())('can be used by keyboard alone', async () => {
    await using both = await fixture.pair()
    const { page } = both.ada
    await sendMessage(both.grace.page, 'first')
    await sendMessage(both.grace.page, 'second')
    await message(page, 'second').waitFor()
    await page.locator('#history').focus()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await message(page, 'first').getByRole('button', { name: '👍, 1, yours' }).waitFor()
    await page.keyboard.press('Escape')
    // The buttons of the second message are not in the tab order.
    await message(page, 'second').focus()
    await page.locator('#history').focus()
    await page.getByRole('button', { name: 'Add a guild' }).press('Enter')
    await page.getByLabel('Name of the new guild').fill('Second home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /general.*Second home/ }).waitFor()
    await page.getByRole('button', { name: 'Analytical Engines' }).press('Enter')
    await message(page, 'second').waitFor()
  })

  it.runIf(allTests())('fits a phone, with the lists as drawers', async () => {
    await using visitor = await fixture.browser.visit(fixture.stage.url, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      colorScheme: 'dark',
    })
    const { page } = visitor
    await signIn(page, 'Ada')
    await createGuild(page, 'A guild with a name that is rather long for a telephone')
    await sendMessage(page, 'w'.repeat(300))
    const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    expect(await fits()).toBe(true)
    const sidebar = page.getByRole('navigation', { name: 'Guilds and channels' })
    expect(await sidebar.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Guilds and channels' }).tap()
    await sidebar.getByRole('button', { name: 'general' }).tap()
    await sidebar.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Members' }).tap()
    await page.getByText('Here · 1 of 1').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Show gateway frames' }).tap()
    await page.getByRole('heading', { name: 'Gateway frames' }).waitFor()
    expect(await fits()).toBe(true)
    await page.getByRole('button', { name: 'Close the frames' }).tap()
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).not.toBe(
      background,
    )
  })
})
