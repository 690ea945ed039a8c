import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { metric, residentMemory } from './abuse/http.ts'
import { openRaw } from './abuse/raw.ts'
import { bystander, identify } from './abuse/session.ts'

const SLOW_READERS = 20
/** Each message is about 150 kB, so about a hundred fill the kernel's and the stage's buffers. */
const MAX_MESSAGES = 600

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  // The slow readers send no heartbeats. Their buffers fill first if the interval is long.
  underTest = await startStageUnderTest({ THRESHOLD_HEARTBEAT_MS: '60000' })
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

describe('a reader that stops reading', () => {
  it('is dropped when its buffer is full, while others receive everything and memory stays bounded', {
    timeout: 120_000,
  }, async () => {
    await using witness = await bystander(underTest.gatewayUrl, fixture.token)
    const slow = await Promise.all(
      Array.from({ length: SLOW_READERS }, () => openRaw(underTest.gatewayUrl)),
    )
    for (const raw of slow) {
      raw.send(identify(fixture.token))
      await raw.waitFor('"READY"')
      raw.socket.pause()
    }
    const before = await residentMemory(underTest.url)
    // URLs may be the longest fields of an embed.
    const url = `https://example.org/${'x'.repeat(2_000)}`
    const footer = { text: 'x', icon_url: url }
    const author = { name: 'x', url, icon_url: url }
    const embeds = Array.from({ length: 10 }, (_, i) => ({
      title: String(i),
      url,
      image: { url },
      thumbnail: { url },
      footer,
      author,
    }))
    const contents: string[] = []
    while (
      contents.length < MAX_MESSAGES &&
      (await metric(underTest.url, 'threshold_gateway_slow_readers_total')) < SLOW_READERS
    ) {
      const content = `large ${contents.length}`
      contents.push(content)
      expect(
        (await fixture.call('POST', `/channels/${fixture.channel}/messages`, { content, embeds }))
          .status,
      ).toBe(200)
    }
    expect(await metric(underTest.url, 'threshold_gateway_slow_readers_total')).toBe(SLOW_READERS)
    await expect.poll(() => witness.received, { timeout: 30_000 }).toEqual(contents)
    expect(witness.isOpen()).toBe(true)
    expect((await residentMemory(underTest.url)) - before).toBeLessThan(250_000_000)
    // No close frame fits into a full buffer. The client learns that the connection is cut when it
    // reads again.
    for (const raw of slow) {
      raw.socket.resume()
      expect(await raw.closed).toBeUndefined()
    }
    await expect
      .poll(() => metric(underTest.url, 'threshold_gateway_sessions'), { timeout: 30_000 })
      .toBe(1)
  })
})
