import { OFFLINE, type Presence } from '@threshold/domain'
import { systemTimers } from '@threshold/kit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPresences } from '../../src/guild/presences.ts'

const DELAY_MS = 200
const OPTIONS = { delayMs: DELAY_MS, timers: systemTimers }
const as = (status: Presence['status']): Presence => ({ status, activities: [] })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('presences', () => {
  it('are correct after the delay for a reader of the published ones and of all later changes', () => {
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
        const readers: Map<string, Presence>[] = []
        const presences = createPresences(OPTIONS, (user, presence) => {
          for (const known of readers) known.set(user, presence)
        })
        const actual = new Map<string, Map<string, Presence>>()
        for (const step of steps) {
          if ('status' in step) {
            presences.set(step.user, step.session, as(step.status as Presence['status']))
            actual.set(
              step.user,
              (actual.get(step.user) ?? new Map()).set(
                step.session,
                as(step.status as Presence['status']),
              ),
            )
          } else if ('session' in step) {
            presences.delete(step.user, step.session)
            actual.get(step.user)?.delete(step.session)
          } else if ('ms' in step) vi.advanceTimersByTime(step.ms)
          else readers.push(new Map(presences.online()))
        }
        vi.advanceTimersByTime(DELAY_MS)
        const rank = ['offline', 'idle', 'dnd', 'online']
        for (const known of readers) {
          for (const user of ['1', '2', '3']) {
            const best = [...(actual.get(user)?.values() ?? [])].sort(
              (x, y) => rank.indexOf(y.status) - rank.indexOf(x.status),
            )[0]
            expect(known.get(user) ?? OFFLINE).toEqual(best ?? OFFLINE)
            expect(presences.get(user)).toEqual(best ?? OFFLINE)
          }
        }
        presences.close()
      }),
    )
  })

  it('of a user who is back within the delay are not published', () => {
    const published: string[] = []
    const presences = createPresences(OPTIONS, (user, { status }) =>
      published.push(`${user} ${status}`),
    )
    presences.set('1', 'a', as('online'))
    vi.advanceTimersByTime(DELAY_MS)
    presences.delete('1', 'a')
    vi.advanceTimersByTime(DELAY_MS / 2)
    expect(presences.get('1').status).toBe('online')
    presences.set('1', 'b', as('online'))
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(published).toEqual(['1 online'])
  })

  it('of many users are published in batches, one after each delay', () => {
    const published: string[] = []
    const presences = createPresences(OPTIONS, (user) => published.push(user))
    const crowd = Array.from({ length: 180 }, (_, i) => String(i))
    for (const user of crowd) presences.set(user, 'a', as('online'))
    const sizes: number[] = []
    while (vi.getTimerCount() > 0) {
      const before = published.length
      vi.advanceTimersByTime(DELAY_MS)
      sizes.push(published.length - before)
    }
    expect(sizes).toEqual([50, 50, 50, 30])
    expect(published).toEqual(crowd)
  })

  it('that change during a publication are published in a later batch', () => {
    const published: string[] = []
    const presences = createPresences(OPTIONS, (user, { status }) => {
      published.push(`${user} ${status}`)
      // A subscriber might do this in response.
      if (published.length === 1) presences.set('1', 'a', as('dnd'))
    })
    presences.set('1', 'a', as('online'))
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(published).toEqual(['1 online', '1 dnd'])
    expect(presences.get('1').status).toBe('dnd')
  })

  it('are correct for a reader after any number of owners that each begin without a word', () => {
    const user = fc.constantFrom('1', '2')
    const session = fc.constantFrom('a', 'b')
    const step = fc.oneof(
      fc.record({ user, session, status: fc.constantFrom('online', 'dnd', 'offline') }),
      fc.record({ user, session }),
      fc.record({ ms: fc.integer({ min: 1, max: 2 * DELAY_MS }) }),
      fc.constant('move' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const known = new Map<string, Presence>()
        const begin = () =>
          createPresences(OPTIONS, (user, presence) => void known.set(user, presence))
        let presences = begin()
        /** As gateways remember sessions: when they changed, and whether they have ended. */
        const sessions = new Map<
          string,
          { user: string; id: string; presence: Presence; changedAt: number; ended: boolean }
        >()
        for (const step of steps) {
          if (step === 'move') {
            presences.close()
            presences = begin()
            for (const { user, id, presence, changedAt, ended } of sessions.values()) {
              const isSettled = Date.now() - changedAt > DELAY_MS
              if (ended && isSettled) continue
              presences.restore(user, id, presence, isSettled)
              if (ended) presences.delete(user, id)
              // The new owner publishes it after the delay, so it may be lost with that one too.
              if (!isSettled) sessions.get(`${user} ${id}`)!.changedAt = Date.now()
            }
          } else if ('ms' in step) vi.advanceTimersByTime(step.ms)
          else {
            const { user, session: id } = step
            const ended = !('status' in step)
            const presence = ended ? OFFLINE : as(step.status as Presence['status'])
            if (ended && !sessions.has(`${user} ${id}`)) continue
            sessions.set(`${user} ${id}`, { user, id, presence, changedAt: Date.now(), ended })
            if (ended) presences.delete(user, id)
            else presences.set(user, id, presence)
          }
        }
        vi.advanceTimersByTime(DELAY_MS)
        const rank = ['offline', 'dnd', 'online']
        for (const user of ['1', '2']) {
          const statuses = [...sessions.values()]
            .filter((session) => session.user === user && !session.ended)
            .map(({ presence: { status } }) => status)
          const best = statuses.sort((x, y) => rank.indexOf(y) - rank.indexOf(x))[0] ?? 'offline'
          expect(known.get(user)?.status ?? 'offline').toBe(best)
        }
        presences.close()
      }),
      { numRuns: 500 },
    )
  })

  it('are not published after close, and keep no timer', () => {
    const published: string[] = []
    const presences = createPresences(OPTIONS, (user) => published.push(user))
    presences.set('1', 'a', as('online'))
    presences.close()
    presences.delete('1', 'a')
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(10 * DELAY_MS)
    expect(published).toEqual([])
  })
})
