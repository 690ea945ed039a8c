import { describe, expect, it } from 'vitest'
import { createLog, hasCode, lifecycle } from '../src/index.ts'

/** A lifecycle, and components that record when they close. */
function setUp(options?: { closeWithinMs?: number }) {
  const closed: string[] = []
  const warnings: { part?: string; err?: string }[] = []
  const log = createLog({ name: 'test', to: { write: (line) => warnings.push(JSON.parse(line)) } })
  const life = lifecycle({ log }, options)
  const component = (
    name: string,
    close: () => Promise<void> = async () => {},
  ): AsyncDisposable => ({
    async [Symbol.asyncDispose]() {
      await close()
      closed.push(name)
    },
  })
  return { life, closed, warnings, component }
}
const hangs = (): Promise<void> => new Promise(() => {})

describe('a lifecycle', () => {
  it('returns each opened component, and closes them in reverse order', async () => {
    const { life, closed, component } = setUp()
    const database = component('database')
    expect(await life.open('database', database)).toBe(database)
    await life.open('service', Promise.resolve(component('service')))
    await life.open('listener', component('listener'))
    await life.close()
    expect(closed).toEqual(['listener', 'service', 'database'])
  })

  it('closes one component at a time', async () => {
    const { life, closed, component } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    await life.open('database', component('database'))
    await life.open(
      'listener',
      component('listener', () => promise),
    )
    const closing = life.close()
    await new Promise(setImmediate)
    expect(closed).toEqual([])
    resolve()
    await closing
    expect(closed).toEqual(['listener', 'database'])
  })

  it('closes once, however often close is called', async () => {
    const { life, closed, component } = setUp()
    await life.open('a', component('a'))
    await Promise.all([life.close(), life.close()])
    await life.close()
    expect(closed).toEqual(['a'])
  })

  it('closes the others when a component fails to close, and logs its name', async () => {
    const { life, closed, warnings, component } = setUp()
    await life.open('a', component('a'))
    await life.open(
      'b',
      component('b', () => Promise.reject(new Error('stuck'))),
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

  it('gives a component that hangs its share of the time and no more', async () => {
    const { life, closed, warnings, component } = setUp({ closeWithinMs: 600 })
    let began = 0
    const behind = component('behind', async () => {
      began = Date.now()
    })
    await life.open('behind', behind)
    await life.open('hangs', component('hangs', hangs))
    await life.open('quick', component('quick'))
    const start = Date.now()
    await life.close()
    expect(closed).toEqual(['quick', 'behind'])
    expect(warnings).toMatchObject([{ part: 'hangs' }])
    expect(began - start).toBeLessThan(450) // half of the time left; all of it would be 600
  })

  it('closes all opened components when one cannot open, and rejects with its name and cause', async () => {
    const { life, closed, component } = setUp()
    await life.open('a', component('a'))
    await life.open('b', component('b'))
    const failed = await life
      .open('c', Promise.reject(new Error('no such port')))
      .catch((error: unknown) => error)
    expect(hasCode(failed, 'PART_NOT_OPENED')).toBe(true)
    expect(failed).toMatchObject({ message: 'c: no such port', cause: { message: 'no such port' } })
    expect(closed).toEqual(['b', 'a'])
    await life.close()
    expect(closed).toEqual(['b', 'a'])
  })

  it('closes a component that was still opening when close was called', async () => {
    const { life, closed, component } = setUp()
    const { promise, resolve } = Promise.withResolvers<AsyncDisposable>()
    await life.open('a', component('a'))
    const opening = life.open('late', promise).catch((error: unknown) => error)
    await life.close()
    resolve(component('late'))
    expect(hasCode(await opening, 'CLOSING')).toBe(true)
    expect(closed).toEqual(['a', 'late'])
  })
})
