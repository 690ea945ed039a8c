import { randomBytes } from 'node:crypto'
import { createRuntime, deadlineAfter, type Timers } from '@threshold/kit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startCanary } from '../../src/sessions/canary.ts'
import { startCluster } from '../moves/cluster.ts'

const SECOND = 1_000

describe('the canary of a gateway', () => {
  /** Time and timers that go on only when the test says so. */
  function setUp(canary: () => Promise<void>) {
    let now = 0
    const due: { at: number; work: () => void }[] = []
    const timers: Timers = {
      after(ms, work) {
        const timer = { at: now + ms, work }
        due.push(timer)
        return () => void due.splice(due.indexOf(timer), due.includes(timer) ? 1 : 0)
      },
    }
    const runtime = createRuntime({ random: randomBytes, clock: { now: () => now } })
    onTestFinished(() => runtime.telemetry[Symbol.asyncDispose]())
    const started = startCanary(canary, timers, runtime)
    return {
      started,
      due,
      reason: () => started.readiness.reason(undefined as never),
      async pass(ms: number) {
        const until = now + ms
        for (;;) {
          const [next] = due.toSorted((a, b) => a.at - b.at)
          if (!next || next.at > until) break
          due.splice(due.indexOf(next), 1)
          now = next.at
          next.work()
          await new Promise(setImmediate)
        }
        now = until
      },
    }
  }

  it('makes the gateway ready until no message has arrived for ten seconds', async () => {
    let arrives = true
    const { reason, pass } = setUp(async () => {
      if (!arrives) throw new Error('lost')
    })
    await pass(60 * SECOND)
    expect(reason()).toBeUndefined()
    arrives = false
    await pass(10 * SECOND)
    expect(reason()).toBeUndefined()
    await pass(2 * SECOND)
    expect(reason()).toMatch(/no guild host has delivered anything for 1\d s/)
    arrives = true
    await pass(SECOND)
    expect(reason()).toBeUndefined()
  })

  it('leaves no timer behind, also when it ends while it waits', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { started, due, pass } = setUp(() => promise)
    await pass(SECOND)
    started[Symbol.dispose]()
    resolve()
    await new Promise(setImmediate)
    expect(due).toEqual([])
  })

  it('comes from each partition over the link, and not from a host that is cut off', async () => {
    await using use = new AsyncDisposableStack()
    const cluster = await startCluster(use)
    const { cut } = await cluster.startHost()
    const { hub, runtime } = await cluster.startGateway()
    const within = (ms: number) => deadlineAfter(ms, runtime.clock)
    for (const partition of [0, 17, 63]) await hub.canary(partition, within(10 * SECOND))
    cut()
    await expect(hub.canary(0, within(SECOND))).rejects.toThrow()
  }, 60_000)
})
