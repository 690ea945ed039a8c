import { describe, expect, it } from 'vitest'
import { createLog, hasCode, lifecycle, type Part } from '../src/index.ts'

/** Parts that write down when they close. */
function stage(options?: { closeWithinMs?: number }) {
  const closed: string[] = []
  const warnings: { part?: string; err?: string }[] = []
  const log = createLog({ name: 'test', to: { write: (line) => warnings.push(JSON.parse(line)) } })
  const life = lifecycle({ log }, options)
  const part = (name: string, how: () => Promise<void> = async () => {}): Part => ({
    async [Symbol.asyncDispose]() {
      await how()
      closed.push(name)
    },
  })
  return { life, closed, warnings, part }
}
const hangs = (): Promise<void> => new Promise(() => {})

describe('a lifecycle', () => {
  it('hands out what it opened, and closes in the reverse order', async () => {
    const { life, closed, part } = stage()
    const database = part('database')
    expect(await life.open('database', database)).toBe(database)
    await life.open('service', Promise.resolve(part('service')))
    await life.open('listener', part('listener'))
    await life.close()
    expect(closed).toEqual(['listener', 'service', 'database'])
  })

  it('waits for one part to be closed before it closes the next', async () => {
    const { life, closed, part } = stage()
    const { promise, resolve } = Promise.withResolvers<void>()
    await life.open('database', part('database'))
    await life.open(
      'listener',
      part('listener', () => promise),
    )
    const closing = life.close()
    await new Promise(setImmediate)
    expect(closed).toEqual([])
    resolve()
    await closing
    expect(closed).toEqual(['listener', 'database'])
  })

  it('closes once, however often and from wherever it is told to', async () => {
    const { life, closed, part } = stage()
    await life.open('a', part('a'))
    await Promise.all([life.close(), life.close()])
    await life.close()
    expect(closed).toEqual(['a'])
  })

  it('goes on when a part fails to close, and says which', async () => {
    const { life, closed, warnings, part } = stage()
    await life.open('a', part('a'))
    await life.open(
      'b',
      part('b', () => Promise.reject(new Error('stuck'))),
    )
    await life.open('c', {
      [Symbol.asyncDispose]() {
        throw new Error('broken')
      },
    })
    await life.close()
    expect(closed).toEqual(['a'])
    expect(warnings.map(({ part: name, err }) => [name, err])).toEqual([
      ['c', 'broken'],
      ['b', 'stuck'],
    ])
  })

  it('gives a part that hangs its share of the time and no more, so that those behind it still have theirs', async () => {
    const { life, closed, warnings, part } = stage({ closeWithinMs: 600 })
    let began = 0
    const behind = part('behind', async () => {
      began = Date.now()
    })
    await life.open('behind', behind)
    await life.open('hangs', part('hangs', hangs))
    await life.open('quick', part('quick'))
    const start = Date.now()
    await life.close()
    expect(closed).toEqual(['quick', 'behind'])
    expect(warnings).toMatchObject([{ part: 'hangs' }])
    expect(began - start).toBeLessThan(450) // half of what was left; all of it would be 600
  })

  it('closes those before when a part cannot open, and says which one and why', async () => {
    const { life, closed, part } = stage()
    await life.open('a', part('a'))
    await life.open('b', part('b'))
    const failed = await life
      .open('c', Promise.reject(new Error('no such port')))
      .catch((error: unknown) => error)
    expect(hasCode(failed, 'PART_NOT_OPENED')).toBe(true)
    expect(failed).toMatchObject({ message: 'c: no such port', cause: { message: 'no such port' } })
    expect(closed).toEqual(['b', 'a'])
    await life.close()
    expect(closed).toEqual(['b', 'a'])
  })

  it('closes a part that was still opening when everything was told to close', async () => {
    const { life, closed, part } = stage()
    const { promise, resolve } = Promise.withResolvers<Part>()
    await life.open('a', part('a'))
    const opening = life.open('late', promise).catch((error: unknown) => error)
    await life.close()
    resolve(part('late'))
    expect(hasCode(await opening, 'CLOSING')).toBe(true)
    expect(closed).toEqual(['a', 'late'])
  })
})
