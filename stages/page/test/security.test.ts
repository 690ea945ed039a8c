import { askGateway, freePort, type StageProcess, startStage } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { createGuild, inviteLink, live, message, sendMessage, signIn, status } from './browser.ts'
import { usePageFixture } from './fixture.ts'
import { account } from './rest.ts'

const fixture = usePageFixture()

/**
 * Runs in the page what an attacker would try who got HTML into it: an inline script, a foreign
 * image, an event handler and a request. Reports which the browser blocked.
 */
const INJECTIONS = `(async () => {
  const violations = []
  document.addEventListener('securitypolicyviolation', (event) => {
    violations.push(event.effectiveDirective)
  })
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
  while (violations.length < 4) await new Promise((resolve) => setTimeout(resolve, 10))
  return { violations: violations.toSorted(), taken: 'taken' in window }
})()`

describe('the security of the chat page', { timeout: 90_000 }, () => {
  it.runIf(allTests())(
    'shows messages of others as text only, and requests nothing from other servers',
    async () => {
      const attack = '<img src=x onerror="window.taken = true"><script>window.taken = true</script>'
      await using mallory = await fixture.browser.visit(fixture.stage.url)
      await signIn(mallory.page, '<img src=x onerror=taken=1>')
      await createGuild(mallory.page, attack.slice(0, 90))
      await using victim = await fixture.browser.visit(await inviteLink(mallory.page))
      await signIn(victim.page, 'Ada')
      await victim.page.getByRole('textbox', { name: 'Message' }).waitFor()
      await sendMessage(mallory.page, attack)
      await sendMessage(mallory.page, 'https://example.org/picture.png')
      await message(victim.page, attack).waitFor()
      await message(victim.page, attack).getByText('<img src=x onerror=taken=1>').waitFor()
      await victim.page.getByRole('button', { name: 'Show gateway frames' }).click()
      await victim.page.locator('#frame-list').getByText('MESSAGE_CREATE').last().click()

      for (const { page, requests, errors } of [mallory, victim]) {
        expect(await page.evaluate("'taken' in window")).toBe(false)
        expect(await page.locator('#chat :is(img, script, iframe, object)').count()).toBe(0)
        expect(requests.filter(({ host }) => host !== new URL(fixture.stage.url).host)).toEqual([])
        expect(requests.some(({ protocol }) => protocol === 'ws:')).toBe(true)
        expect(errors).toEqual([])
      }
    },
  )

  it.runIf(allTests())(
    'runs no injected inline script, and loads nothing from other hosts',
    async () => {
      await using visitor = await fixture.browser.visit(fixture.stage.url)
      const { page } = visitor
      const result = await page.evaluate(INJECTIONS)
      expect(result).toEqual({
        violations: ['connect-src', 'img-src', 'script-src-attr', 'script-src-elem'],
        taken: false,
      })
    },
  )

  it.runIf(allTests())(
    'rejects a forged token, and signs out when its own is no longer accepted',
    async () => {
      await using visitor = await fixture.browser.visit(fixture.stage.url)
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

      const { token } = await account(fixture.stage.url)
      await page.getByText('I have a token').click()
      await page.getByLabel("A user's token").fill(`Bot ${token}`)
      await page.getByRole('button', { name: 'Use it' }).click()
      await live(page).waitFor()
      await page.reload()
      await live(page).waitFor()
    },
  )

  it.runIf(allTests())(
    'connects to a gateway at an address of its own, which refuses foreign pages',
    async () => {
      const secret = 'shared by the three stages of this test'
      const start = (env: Record<string, string>, port?: number): Promise<StageProcess> =>
        startStage({
          stage: 1,
          engineUri: fixture.database.uri,
          env: { THRESHOLD_TOKEN_SECRET: secret, ...env },
          ...(port === undefined ? {} : { port }),
        })
      const port = await freePort()
      const ownPage = `http://127.0.0.1:${port}`
      await using gateway = await start({ THRESHOLD_WORKER: '1', THRESHOLD_ORIGINS: ownPage })
      const gatewayUrl = await askGateway(gateway.url)
      const elsewhere = { THRESHOLD_GATEWAY_URL: gatewayUrl }
      await using own = await start({ THRESHOLD_WORKER: '2', ...elsewhere }, port)
      await using foreign = await start({ THRESHOLD_WORKER: '3', ...elsewhere })

      await using visitor = await fixture.browser.visit(own.url)
      await signIn(visitor.page, 'Ada')
      const sockets = visitor.requests.filter(({ protocol }) => protocol === 'ws:')
      expect(sockets.map(({ host }) => host)).toEqual([new URL(gatewayUrl).host])
      expect(visitor.errors).toEqual([])

      await using stranger = await fixture.browser.visit(foreign.url)
      await stranger.page.getByLabel('Your name').fill('Eve')
      await stranger.page.getByRole('button', { name: 'Enter' }).click()
      await status(stranger.page).and(stranger.page.locator('[data-phase="waiting"]')).waitFor()
      expect(stranger.errors.join()).toContain('403')
    },
  )

  it.runIf(allTests())(
    'connects under the name with which it is open, whatever the public URL says',
    async () => {
      const env = { THRESHOLD_PUBLIC_URL: 'https://chat.example' }
      await using stage = await startStage({ stage: 1, engineUri: fixture.database.uri, env })
      const byName = stage.url.replace('127.0.0.1', 'localhost')
      await using visitor = await fixture.browser.visit(byName)
      await signIn(visitor.page, 'Ada')
      const sockets = visitor.requests.filter(({ protocol }) => protocol === 'ws:')
      expect(sockets.map(({ host }) => host)).toEqual([new URL(byName).host])
    },
  )

  it.runIf(allTests())(
    'says so if the server does not create users, and accepts a token there',
    async () => {
      const secret = 'shared by the two stages of this test'
      const open = { stage: 1, engineUri: fixture.database.uri }
      await using provisioning = await startStage({
        ...open,
        env: { THRESHOLD_TOKEN_SECRET: secret },
      })
      const { token } = await account(provisioning.url)
      await using closed = await startStage({
        ...open,
        env: { THRESHOLD_TOKEN_SECRET: secret, THRESHOLD_PROVISIONING: 'off' },
      })
      await using visitor = await fixture.browser.visit(closed.url)
      const { page } = visitor
      await page.getByLabel('Your name').fill('Ada')
      await page.getByRole('button', { name: 'Enter' }).click()
      await page.getByText('This server does not create users.').waitFor()
      await page.getByText('I have a token').click()
      await page.getByLabel("A user's token").fill(token)
      await page.keyboard.press('Enter')
      await live(page).waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Your name').waitFor()
      await page.reload()
      await page.getByLabel('Your name').waitFor()
    },
  )
})
