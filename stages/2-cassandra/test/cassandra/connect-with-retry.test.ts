import { type Log, silentLog, unavailable } from '@threshold/kit'
import { describe, expect, it, vi } from 'vitest'
import { connectWithRetry } from '../../src/cassandra/connect-with-retry.ts'

const wrong = new TypeError('not a Cassandra')
const PATIENCE = { timeout: 30_000 }

/** Gives these answers in turn, and repeats the last. */
function answers(...all: (Error | undefined)[]) {
  let tries = 0
  return {
    tries: () => tries,
    open: async (): Promise<void> => {
      const answer = all[Math.min(tries, all.length - 1)]
      tries += 1
      if (answer) throw answer
    },
  }
}

function countingLog(): { log: Log; errors: () => number } {
  const error = vi.fn()
  return { log: { ...silentLog, error }, errors: () => error.mock.calls.length }
}

describe('connectWithRetry', () => {
  it('is connected once the first try succeeds', async () => {
    await using opened = await connectWithRetry(answers(undefined).open)
    expect(opened.isConnected()).toBe(true)
  })

  it('rejects where it may not wait, and where waiting does not help', async () => {
    await expect(connectWithRetry(answers(unavailable('it')).open)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await expect(connectWithRetry(answers(wrong).open, silentLog)).rejects.toBe(wrong)
  })

  it('tries again in the background until Cassandra answers', async () => {
    const { open, tries } = answers(unavailable('it'), unavailable('it'), undefined)
    await using opened = await connectWithRetry(open, silentLog)
    expect(opened.isConnected()).toBe(false)
    await expect.poll(opened.isConnected, PATIENCE).toBe(true)
    expect(tries()).toBe(3)
  })

  it('logs an error that waiting does not cure, and tries again less often', {
    timeout: 30_000,
  }, async () => {
    const { log, errors } = countingLog()
    const { open, tries } = answers(unavailable('it'), wrong, undefined)
    await using opened = await connectWithRetry(open, log)
    await expect.poll(errors, PATIENCE).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // longer than between tries of one that is away
    expect([tries(), opened.isConnected(), errors()]).toEqual([2, false, 1])
    await expect.poll(opened.isConnected, { timeout: 20_000 }).toBe(true)
  })

  it('tells a try under way to stop when it is closed, and waits for it', async () => {
    const { promise: trying, resolve: begun } = Promise.withResolvers<() => boolean>()
    const { promise: letGo, resolve: go } = Promise.withResolvers<void>()
    let tries = 0
    const opened = await connectWithRetry(async (stopped) => {
      tries += 1
      if (tries === 1) throw unavailable('it')
      begun(stopped)
      await letGo
    }, silentLog)
    const stopped = await trying
    let closed = false
    const closing = opened[Symbol.asyncDispose]().then(() => {
      closed = true
    })
    await Promise.resolve()
    expect([stopped(), closed]).toEqual([true, false])
    go()
    await closing
    expect(tries).toBe(2)
  })
})
