import { OFFLINE, type Presence } from '@threshold/domain'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPresences } from '../../src/guild/presences.ts'

const DELAY_MS = 200
const as = (status: Presence['status']): Presence => ({ status, activities: [] })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('presences', () => {
  it('shown to a newcomer at any moment and followed by what is told since are the truth, once the delay is over', () => {
    const user = fc.constantFrom('1', '2', '3')
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('set'),
        user,
        session: fc.constantFrom('a', 'b'),
        status: fc.constantFrom('online', 'dnd', 'idle'),
      }),
      fc.record({ kind: fc.constant('drop'), user, session: fc.constantFrom('a', 'b') }),
      fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 1, max: 2 * DELAY_MS }) }),
      fc.record({ kind: fc.constant('join') }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const newcomers: Map<string, Presence>[] = []
        const presences = createPresences(DELAY_MS, (who, presence) => {
          for (const known of newcomers) known.set(who, presence)
        })
        const truth = new Map<string, Map<string, Presence>>()
        for (const one of steps) {
          if ('status' in one) {
            presences.set(one.user, one.session, as(one.status as Presence['status']))
            truth.set(
              one.user,
              (truth.get(one.user) ?? new Map()).set(
                one.session,
                as(one.status as Presence['status']),
              ),
            )
          } else if ('session' in one) {
            presences.delete(one.user, one.session)
            truth.get(one.user)?.delete(one.session)
          } else if ('ms' in one) vi.advanceTimersByTime(one.ms)
          else newcomers.push(new Map(presences.online()))
        }
        vi.advanceTimersByTime(DELAY_MS)
        const rank = ['offline', 'idle', 'dnd', 'online']
        for (const known of newcomers) {
          for (const who of ['1', '2', '3']) {
            const best = [...(truth.get(who)?.values() ?? [])].sort(
              (x, y) => rank.indexOf(y.status) - rank.indexOf(x.status),
            )[0]
            expect(known.get(who) ?? OFFLINE).toEqual(best ?? OFFLINE)
            expect(presences.get(who)).toEqual(best ?? OFFLINE)
          }
        }
        presences.close()
      }),
    )
  })

  it('of whoever is back within the delay are not mentioned', () => {
    const told: string[] = []
    const presences = createPresences(DELAY_MS, (who, { status }) => told.push(`${who} ${status}`))
    presences.set('1', 'a', as('online'))
    vi.advanceTimersByTime(DELAY_MS)
    presences.delete('1', 'a')
    vi.advanceTimersByTime(DELAY_MS / 2)
    expect(presences.get('1').status).toBe('online')
    presences.set('1', 'b', as('online'))
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(told).toEqual(['1 online'])
  })

  it('of a crowd are told of in batches, each after its delay, and everybody in the end', () => {
    const told: string[] = []
    const presences = createPresences(DELAY_MS, (who) => told.push(who))
    const crowd = Array.from({ length: 180 }, (_, i) => String(i))
    for (const who of crowd) presences.set(who, 'a', as('online'))
    const sizes: number[] = []
    while (vi.getTimerCount() > 0) {
      const before = told.length
      vi.advanceTimersByTime(DELAY_MS)
      sizes.push(told.length - before)
    }
    expect(sizes).toEqual([50, 50, 50, 30])
    expect(told).toEqual(crowd)
  })

  it('that change while others are told of them are told in their turn', () => {
    const told: string[] = []
    const presences = createPresences(DELAY_MS, (who, { status }) => {
      told.push(`${who} ${status}`)
      if (told.length === 1) presences.set('1', 'a', as('dnd')) // as a listener's own session might, there and then
    })
    presences.set('1', 'a', as('online'))
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(told).toEqual(['1 online', '1 dnd'])
    expect(presences.get('1').status).toBe('dnd')
  })

  it('are told no more once they are closed, and keep no timer', () => {
    const told: string[] = []
    const presences = createPresences(DELAY_MS, (who) => told.push(who))
    presences.set('1', 'a', as('online'))
    presences.close()
    presences.delete('1', 'a')
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(told).toEqual([])
  })
})
