import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Admission, createAdmission } from '../../src/rest/admission.ts'

const BUDGET_MS = 5_000
/** The number of sequential store operations of one send. */
const STEPS = 3
const clock = { now: () => Date.now() }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A store that runs one operation after the other, including those whose callers have given up. */
function serialStore(eachMs: number) {
  let free = 0
  return (): Promise<void> => {
    free = Math.max(free, Date.now()) + eachMs
    return sleep(free - Date.now())
  }
}

/**
 * Counts completed sends. Each sender sends again after its answer; after a 503 it waits a second.
 */
async function goodput(
  senders: number,
  admission: Pick<Admission, 'run'>,
  operation: () => Promise<void>,
  ms = 60_000,
): Promise<number> {
  const until = Date.now() + ms
  let done = 0
  const sender = async (): Promise<void> => {
    while (Date.now() < until) {
      const deadline = { at: Date.now() + BUDGET_MS }
      try {
        await admission.run(deadline, async () => {
          for (let step = 0; step < STEPS; step++) {
            if (Date.now() >= deadline.at) throw new Error('late')
            await Promise.race([operation(), sleep(deadline.at - Date.now())])
          }
        })
        if (Date.now() < deadline.at) done += 1
      } catch {
        await sleep(1_000)
      }
    }
  }
  const all = Promise.all(Array.from({ length: senders }, sender))
  await vi.advanceTimersByTimeAsync(ms + 3 * BUDGET_MS)
  await all
  return done
}

const admitted = (): Admission => createAdmission({ maxConcurrent: 64, budgetMs: BUDGET_MS }, clock)
const unbounded: Pick<Admission, 'run'> = { run: (_deadline, work) => work() }

describe('with 500 senders on a slow store', () => {
  const stores: [name: string, store: () => () => Promise<void>][] = [
    ['runs operations one by one, twelve sends a second', () => serialStore(28)],
    ['runs operations one by one, one send a second', () => serialStore(330)],
    ['takes 300 ms for each operation, however many run', () => () => sleep(300)],
  ]
  it.each(stores)(
    'completes at least half of the possible sends if the store %s',
    async (_name, store) => {
      let best = 0
      for (const senders of [1, 8, 32])
        best = Math.max(best, await goodput(senders, admitted(), store()))
      expect(best).toBeGreaterThan(10)
      expect(await goodput(500, admitted(), store())).toBeGreaterThan(best / 2)
    },
  )

  it('completes almost none without admission, so the test can fail', async () => {
    expect(await goodput(500, unbounded, serialStore(28))).toBeLessThan(60)
  })
})

describe('a request that waits for the store', () => {
  /** Requests that end only when `end` is called, the oldest first. */
  function filled() {
    let shed = 0
    const admission = createAdmission({ maxConcurrent: 2, budgetMs: BUDGET_MS }, clock, () => {
      shed += 1
    })
    const ends: (() => void)[] = []
    const started: string[] = []
    const run = (name: string, budgetMs = BUDGET_MS): Promise<string> =>
      admission.run({ at: Date.now() + budgetMs }, async () => {
        started.push(name)
        await new Promise<void>((resolve) => ends.push(resolve))
        return name
      })
    return { admission, run, started, end: () => ends.shift()?.(), shedCount: () => shed }
  }

  it('is served in order of arrival while the wait is short', async () => {
    const { run, started, end } = filled()
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => run(name))
    for (let i = 0; i < all.length; i++) {
      end()
      await vi.advanceTimersByTimeAsync(1)
    }
    for (let i = 0; i < all.length; i++) end()
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('is served after newer ones once the wait is long', async () => {
    const { run, started, end } = filled()
    const all = ['a', 'b', 'c', 'd'].map((name) => run(name))
    await vi.advanceTimersByTimeAsync(500)
    all.push(run('e'))
    for (let i = 0; i < all.length; i++) {
      end()
      await vi.advanceTimersByTimeAsync(1)
    }
    for (let i = 0; i < all.length; i++) end()
    await Promise.all(all)
    expect(started).toEqual(['a', 'b', 'e', 'd', 'c'])
  })

  it('stays in its own trace, whichever request started it', async () => {
    const trace = new AsyncLocalStorage<string>()
    const { admission, run, end } = filled()
    const running = ['a', 'b'].map((name) => run(name))
    const waiting = ['c', 'd', 'e'].map((name) =>
      trace.run(name, () =>
        admission.run({ at: Date.now() + BUDGET_MS }, async () => [name, trace.getStore()]),
      ),
    )
    await vi.advanceTimersByTimeAsync(500) // the newest is served first from here on
    end()
    end()
    await Promise.all(running)
    for (const [name, traced] of await Promise.all(waiting)) expect(traced).toBe(name)
  })

  it('is answered 503 when its budget is over, without using the store', async () => {
    const { run, started, end, shedCount } = filled()
    void run('a')
    void run('b')
    const late = run('late', 1_000)
    const refused = expect(late).rejects.toMatchObject({ status: 503, retryAfter: 1 })
    await vi.advanceTimersByTimeAsync(1_100)
    await refused
    const soon = run('soon')
    end()
    await vi.advanceTimersByTimeAsync(1)
    end()
    end()
    await expect(soon).resolves.toBe('soon')
    expect(started).toEqual(['a', 'b', 'soon'])
    expect(shedCount()).toBe(1)
  })

  it('is shed if 2,048 newer ones wait', async () => {
    const { admission, run, shedCount } = filled()
    void run('a')
    void run('b')
    const all = Array.from({ length: 2_100 }, (_, i) => run(`${i}`).catch(() => 'shed'))
    expect(admission.load).toMatchObject({ running: 2, waiting: 2_048 })
    expect(shedCount()).toBe(2_100 - 2_048)
    expect(await all[0]).toBe('shed')
    await vi.advanceTimersByTimeAsync(BUDGET_MS + 100)
    expect(admission.load.waiting).toBe(0)
  })

  it('is served as before after the store hung', async () => {
    const admission = admitted()
    const hung = Array.from({ length: 100 }, () =>
      admission.run({ at: Date.now() + BUDGET_MS }, () => sleep(BUDGET_MS)).catch(() => {}),
    )
    await vi.advanceTimersByTimeAsync(3 * BUDGET_MS)
    await Promise.all(hung)
    expect(admission.load.limit).toBeLessThan(64)
    expect(await goodput(64, admission, () => sleep(2), 1_000)).toBeGreaterThan(1_000)
  })
})
