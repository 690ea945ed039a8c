import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** Plain JavaScript for the browser, and so without types. */
const { Gateway } = await import('../src/browser/gateway.js' as string)

/** The browser's WebSocket. The test plays the server. */
class FakeSocket {
  static readonly OPEN = 1
  static readonly opened: FakeSocket[] = []
  readonly readyState = FakeSocket.OPEN
  onmessage: ((event: { data: string }) => void) | undefined
  onclose: ((event: { code: number; reason: string }) => void) | undefined
  readonly url: string

  constructor(url: string) {
    if (url.startsWith('insecure')) throw new Error('mixed content')
    this.url = url
    FakeSocket.opened.push(this)
  }

  send(): void {}
  close(): void {}
  greet(): void {
    this.onmessage?.({ data: JSON.stringify({ op: 10, d: { heartbeat_interval: 40_000 } }) })
  }
  drop(): void {
    this.onclose?.({ code: 1_006, reason: '' })
  }
}

beforeEach(() => {
  FakeSocket.opened.length = 0
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Each answer is an address, or an error. */
function connect(...answers: (string | Error)[]) {
  const phases: string[] = []
  const findUrl = vi.fn(async () => {
    const answer = answers.shift()
    if (typeof answer !== 'string') throw answer ?? new Error('asked too often')
    return answer
  })
  const onState = ({ phase, reason = '' }: { phase: string; reason?: string }) =>
    phases.push(`${phase} ${reason}`.trim())
  const gateway = new Gateway({ findUrl, onState, token: 'x', random: () => 0 })
  gateway.connect()
  return { gateway, findUrl, phases }
}

/** The next socket. Undefined if none opens within the longest pause between two attempts. */
async function attempt(): Promise<FakeSocket | undefined> {
  const before = FakeSocket.opened.length
  for (let ms = 0; ms < 15_000 && FakeSocket.opened.length === before; ms += 100)
    await vi.advanceTimersByTimeAsync(100)
  return FakeSocket.opened[before]
}
const urls = (): string[] => FakeSocket.opened.map(({ url }) => url)

describe("the page's gateway address", () => {
  it('is asked for once, and kept after a connection that was greeted', async () => {
    const { findUrl } = connect('ws://a')
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.opened[0]!.greet()
    FakeSocket.opened[0]!.drop()
    ;(await attempt())!.greet()
    expect(urls()).toEqual(['ws://a', 'ws://a'])
    expect(findUrl).toHaveBeenCalledTimes(1)
  })

  it('is asked for again after a connection without a greeting', async () => {
    connect('ws://a', 'ws://b')
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.opened[0]!.drop()
    await attempt()
    expect(urls()).toEqual(['ws://a', 'ws://b'])
  })

  it('is the last one while the API does not answer', async () => {
    connect('ws://a', new Error('The server cannot be reached'))
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.opened[0]!.drop()
    await attempt()
    expect(urls()).toEqual(['ws://a', 'ws://a'])
  })

  it('delays the first connection until the API answers', async () => {
    const { phases } = connect(new Error('The server cannot be reached'), 'ws://a')
    await vi.advanceTimersByTimeAsync(0)
    expect(urls()).toEqual([])
    expect(phases).toEqual(['connecting', 'waiting The server cannot be reached'])
    await attempt()
    expect(urls()).toEqual(['ws://a'])
  })

  it('is asked for again if the browser refuses it', async () => {
    const { phases } = connect('insecure://a', 'ws://a')
    await vi.advanceTimersByTimeAsync(0)
    expect(phases.at(-1)).toBe('waiting mixed content')
    await attempt()
    expect(urls()).toEqual(['ws://a'])
  })

  it('is asked for once if the user retries meanwhile', async () => {
    const { gateway, findUrl } = connect('ws://a')
    gateway.retryNow()
    await vi.advanceTimersByTimeAsync(0)
    expect(findUrl).toHaveBeenCalledTimes(1)
    expect(urls()).toEqual(['ws://a'])
  })

  it('is not used after the user has signed out', async () => {
    const { gateway, phases } = connect('ws://a')
    gateway.stop()
    expect(await attempt()).toBeUndefined()
    expect(phases).toEqual(['connecting'])
  })
})
