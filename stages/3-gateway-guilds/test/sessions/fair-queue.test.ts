import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from '../../src/sessions/fair-queue.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const failOnError = (error: unknown): never => {
  throw error
}

describe('the queue of a gateway', () => {
  it('does the work of each guild in its order, and each item once', async () => {
    const batches = fc.array(
      fc.record({
        guild: fc.constantFrom('a', 'b', 'c'),
        size: fc.oneof(fc.nat(5), fc.nat(400)),
        turns: fc.nat(2),
      }),
      { maxLength: 20 },
    )
    await fc.assert(
      fc.asyncProperty(batches, async (added) => {
        const queue = new FairQueue(failOnError)
        const done: string[] = []
        for (const [batch, { guild, size, turns }] of added.entries()) {
          queue.add(guild, numbers(size), (item) => done.push(`${guild} ${batch} ${item}`))
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
        }
        for (const guild of ['a', 'b', 'c']) await queue.settled(guild)
        for (const guild of ['a', 'b', 'c']) {
          const expected = added.flatMap((each, batch) =>
            each.guild === guild
              ? numbers(each.size).map((item) => `${guild} ${batch} ${item}`)
              : [],
          )
          expect(done.filter((text) => text.startsWith(guild))).toEqual(expected)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('does little at once, and a small guild within two slices of a huge one', async () => {
    const queue = new FairQueue(failOnError)
    const done: string[] = []
    queue.add('small', [1, 2], () => done.push('small'))
    expect(done).toEqual(['small', 'small'])
    queue.add('huge', numbers(10_000), () => done.push('huge'))
    for (let i = 0; i < 100; i++) queue.add('small', [i, i], () => done.push('small'))
    await queue.settled('small')
    expect(done.filter((guild) => guild === 'small')).toHaveLength(202)
    expect(done.filter((guild) => guild === 'huge').length).toBeLessThan(1_000)
    await queue.settled('huge')
    expect(done.filter((guild) => guild === 'huge')).toHaveLength(10_000)
  })

  it('lets the event loop do other work between two slices', async () => {
    const queue = new FairQueue(failOnError)
    let others = 0
    let running = true
    const other = (): void => {
      others += 1
      if (running) setImmediate(other)
    }
    setImmediate(other)
    queue.add('huge', numbers(128 * 10), () => {})
    await queue.settled('huge')
    running = false
    expect(others).toBeGreaterThanOrEqual(9)
  })

  it('keeps the order of work that is added by work', async () => {
    const queue = new FairQueue(failOnError)
    const done: string[] = []
    queue.add('a', numbers(300), (item) => {
      if (item === 200) queue.add('a', ['added'], (text) => done.push(text))
      done.push(String(item))
    })
    await queue.settled('a')
    expect(done).toEqual([...numbers(300).map(String), 'added'])
  })

  it('goes on after an item whose work throws', async () => {
    const errors: unknown[] = []
    const queue = new FairQueue((error) => errors.push(error))
    const done: number[] = []
    queue.add('a', numbers(300), (item) => {
      if (item % 100 === 50) throw new Error(`item ${item}`)
      done.push(item)
    })
    await queue.settled('a')
    expect(done).toHaveLength(297)
    expect(errors.map(String)).toEqual(['Error: item 50', 'Error: item 150', 'Error: item 250'])
  })
})
