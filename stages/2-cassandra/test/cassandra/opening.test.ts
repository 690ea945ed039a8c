import { type Log, silentLog, unavailable } from '@threshold/kit'
import { describe, expect, it, vi } from 'vitest'
import { opening } from '../../src/cassandra/opening.ts'

const wrong = new TypeError('it is not the one that is meant')
const PATIENCE = { timeout: 30_000 }

/** Answers one after the other, the last of them for ever. */
function answers(...all: (Error | undefined)[]) {
  let asked = 0
  return {
    asked: () => asked,
    open: async (): Promise<void> => {
      const answer = all[Math.min(asked, all.length - 1)]
      asked += 1
      if (answer) throw answer
    },
  }
}

function heard(): { log: Log; errors: () => number } {
  const error = vi.fn()
  return { log: { ...silentLog, error }, errors: () => error.mock.calls.length }
}

describe('what is opened', () => {
  it('is open when it is there', async () => {
    await using opened = await opening(answers(undefined).open)
    expect(opened.done()).toBe(true)
  })

  it('rejects when it is away and nobody waits, or when it is wrong', async () => {
    await expect(opening(answers(unavailable('it')).open)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    await expect(opening(answers(wrong).open, silentLog)).rejects.toBe(wrong)
  })

  it('is tried again while it is away, until it is there', async () => {
    const { open, asked } = answers(unavailable('it'), unavailable('it'), undefined)
    await using opened = await opening(open, silentLog)
    expect(opened.done()).toBe(false)
    await expect.poll(opened.done, PATIENCE).toBe(true)
    expect(asked()).toBe(3)
  })

  it('is told of when it comes back as something else, and tried again more seldom', {
    timeout: 30_000,
  }, async () => {
    const { log, errors } = heard()
    const { open, asked } = answers(unavailable('it'), wrong, undefined)
    await using opened = await opening(open, log)
    await expect.poll(errors, PATIENCE).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // longer than it waits for what is merely away
    expect([asked(), opened.done(), errors()]).toEqual([2, false, 1])
    await expect.poll(opened.done, { timeout: 20_000 }).toBe(true)
  })

  it('waits for a try that is under way when it is closed, and tells it', async () => {
    const { promise: trying, resolve: begun } = Promise.withResolvers<() => boolean>()
    const { promise: letGo, resolve: go } = Promise.withResolvers<void>()
    let tries = 0
    const opened = await opening(async (stopped) => {
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
