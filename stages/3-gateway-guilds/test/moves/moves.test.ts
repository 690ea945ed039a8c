import { describe, expect, it } from 'vitest'
import { publishing } from './cluster.ts'
import { expectComplete, setUp, WAIT } from './guild-under-load.ts'

describe('a guild whose owner changes', { timeout: 120_000 }, () => {
  it('loses and doubles nothing when its host hands it over, and is silent only shortly', async () => {
    await using use = new AsyncDisposableStack()
    const { api, guild, sessions, ownerOf } = await setUp(use)
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    const views = sessions.map((session) => session.views())
    await former.host.drain()
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const acknowledged = await load.stop()
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
    expect(sessions.map((session) => session.views())).toEqual(views)
  })

  it('loses and doubles nothing when its host is cut off, and that host never comes back', async () => {
    await using use = new AsyncDisposableStack()
    const { api, guild, sessions, ownerOf } = await setUp(use)
    const load = publishing(api, guild)
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(50)
    const former = ownerOf()!
    const views = sessions.map((session) => session.views())
    former.cut()
    const before = load.acknowledged.length
    await expect.poll(() => load.acknowledged.length, WAIT).toBeGreaterThan(before + 50)
    const acknowledged = await load.stop()
    for (const session of sessions) {
      await expect.poll(() => session.messages().length, WAIT).toBe(acknowledged.length)
      expectComplete(session.messages(), acknowledged)
    }
    expect(sessions.map((session) => session.views())).toEqual(views)
    expect(former.host.ended.aborted).toBe(true)
    former.heal()
    await expect.poll(() => ownerOf() !== former, WAIT).toBe(true)
    expect(former.host.owned()).toEqual([])
  })
})
