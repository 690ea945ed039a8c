import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memory, metric } from './abuse/http.ts'
import { openRaw } from './abuse/raw.ts'
import { bystander, identify } from './abuse/session.ts'
import { type AbusedStage, abusedStage, type World } from './abuse/world.ts'

const SLOW = 20
/**
 * Each message is about 150 kB on every socket: some hundred fill the kernel's buffers and the
 * stage's bound.
 */
const ENOUGH = 600

let abused: AbusedStage
let world: World

beforeAll(async () => {
  // Who reads nothing also beats not; with a long heartbeat it is the buffer that ends them.
  abused = await abusedStage({ THRESHOLD_HEARTBEAT_MS: '60000' })
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

describe('a reader that stops reading', () => {
  it('is dropped when its buffer is full, while the others hear everything and the memory stays bounded', {
    timeout: 120_000,
  }, async () => {
    await using witness = await bystander(abused.url, world.token)
    const slow = await Promise.all(Array.from({ length: SLOW }, () => openRaw(abused.url)))
    for (const raw of slow) {
      raw.send(identify(world.token))
      await raw.heard('"READY"')
      raw.socket.pause()
    }
    const before = await memory(abused.url)
    // Addresses are what an embed has most room for.
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
      contents.length < ENOUGH &&
      (await metric(abused.url, 'threshold_gateway_slow_readers_total')) < SLOW
    ) {
      const content = `large ${contents.length}`
      contents.push(content)
      expect(
        (await world.ask('POST', `/channels/${world.channel}/messages`, { content, embeds }))
          .status,
      ).toBe(200)
    }
    expect(await metric(abused.url, 'threshold_gateway_slow_readers_total')).toBe(SLOW)
    await expect.poll(() => witness.heard, { timeout: 30_000 }).toEqual(contents)
    expect(witness.isOpen()).toBe(true)
    expect((await memory(abused.url)) - before).toBeLessThan(250_000_000)
    // Only by reading again does one learn that the line was cut: no close frame fits into a full
    // buffer.
    for (const raw of slow) {
      raw.socket.resume()
      expect(await raw.closed).toBeUndefined()
    }
    await expect
      .poll(() => metric(abused.url, 'threshold_gateway_sessions'), { timeout: 30_000 })
      .toBe(1)
  })
})
