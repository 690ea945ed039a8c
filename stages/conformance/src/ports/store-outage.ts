import { allTests } from '@threshold/engines/testing'
import { deadlineAfter, hasCode } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { aGuild, aMessage, newestFirst, newId, testDeadline } from './fixtures.ts'
import { type BreakableStores, storeCalls } from './store-calls.ts'
import { OPEN_MS } from './suite.ts'

const DEADLINE_MS = 800
/** How late an answer may be on a busy machine and still count as in time. */
const GRACE_MS = 10_000
const RECOVERY = { timeout: 60_000, interval: 100 }

/**
 * The behaviour of stores while their engine is killed or hangs, and afterwards. They answer every
 * call within its deadline, they reconnect by themselves, and no acknowledged write is lost.
 */
export function testStoreOutage(
  name: string,
  open: (use: AsyncDisposableStack) => Promise<BreakableStores>,
  keeps: 'everything' | 'messages' = 'everything',
): void {
  describe(`${name} whose engine breaks`, { timeout: 180_000 }, () => {
    const use = new AsyncDisposableStack()
    let stores: BreakableStores
    beforeAll(async () => {
      stores = await open(use)
    }, OPEN_MS)
    afterAll(() => use.disposeAsync(), OPEN_MS)

    const refusal = expect.toSatisfy(
      (error) => hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED'),
      'UNAVAILABLE or DEADLINE_EXCEEDED',
    )

    /**
     * Makes all calls at once, in two rounds: connections may look alive in the first one, and are
     * known to be dead in the second.
     */
    async function expectAllRefused(): Promise<void> {
      for (let round = 0; round < 2; round++) {
        const began = performance.now()
        const settled = await Promise.all(
          Object.entries(storeCalls(stores)).map(async ([name, call]) => {
            const outcome = await call(deadlineAfter(DEADLINE_MS)).then(
              (value) => ({ value }),
              (error: unknown) => ({ error }),
            )
            return { name, outcome, ms: performance.now() - began }
          }),
        )
        for (const { name, outcome, ms } of settled) {
          expect({ name, outcome }).toEqual({ name, outcome: { error: refusal } })
          expect(ms, name).toBeLessThan(DEADLINE_MS + GRACE_MS)
        }
      }
    }
    /**
     * Waits until all calls work. Some may still fail at first: a driver drops a connection with
     * many timed-out calls, even if it works again, and needs a moment to open the next.
     */
    const waitUntilAllWork = (): Promise<void> =>
      vi.waitFor(async () => {
        for (const call of Object.values(storeCalls(stores))) await call(testDeadline())
      }, RECOVERY)

    // Restarting a JVM takes long, and the last test kills the engine as well.
    it.runIf(allTests() || keeps === 'everything')(
      'answers every call within its deadline while the engine is down, and works when it is back',
      async () => {
        await waitUntilAllWork()
        await stores.engine.kill()
        await expectAllRefused()
        await stores.engine.restart()
        await waitUntilAllWork()
      },
    )

    it('answers every call within its deadline while the engine hangs, and works when it resumes', async () => {
      await waitUntilAllWork()
      await stores.engine.pause()
      await expectAllRefused()
      await stores.engine.resume()
      await waitUntilAllWork()
    })

    it('survives a flood of calls to an engine that hangs', async () => {
      await stores.engine.pause()
      const flood = await Promise.allSettled(
        Array.from({ length: 300 }, () =>
          stores.messages.page(newId(), { at: 'latest' }, 50, deadlineAfter(DEADLINE_MS)),
        ),
      )
      expect(flood).toEqual(flood.map(() => ({ status: 'rejected', reason: refusal })))
      await stores.engine.resume()
      await waitUntilAllWork()
    })

    it('keeps every message acknowledged before a kill, and retries of the others make no duplicates', async () => {
      await waitUntilAllWork()
      const channel = newId()
      const messages = Array.from({ length: 200 }, () => aMessage(channel))
      const acknowledged = new Set<string>()
      let killing: Promise<void> | undefined
      const send = async (message: (typeof messages)[0]): Promise<void> => {
        const key = { authorId: message.authorId, channelId: channel, nonce: message.id }
        await stores.messages.insert(message, deadlineAfter(5_000), key)
        acknowledged.add(message.id)
        if (acknowledged.size === 120) killing ??= stores.engine.kill()
      }
      const workers = Array.from({ length: 16 }, async (_, n) => {
        for (let i = n; i < messages.length; i += 16) await send(messages[i]!).catch(() => {})
      })
      await Promise.all(workers)
      await killing
      expect(acknowledged.size).toBeGreaterThanOrEqual(120)
      expect(acknowledged.size).toBeLessThan(messages.length)

      await stores.engine.restart()
      await waitUntilAllWork()
      const storedIds = async () => {
        const found = await stores.messages.get(
          channel,
          messages.map(({ id }) => id),
          testDeadline(),
        )
        return new Set(found.map(({ id }) => id))
      }
      expect(acknowledged.difference(await storedIds())).toEqual(new Set())

      // A retry has a new id and the same nonce, as in REST.
      for (const message of messages) {
        if (acknowledged.has(message.id)) continue
        const key = { authorId: message.authorId, channelId: channel, nonce: message.id }
        await stores.messages.insert({ ...message, id: newId() }, testDeadline(), key)
      }
      const ids = new Set<string>()
      for (let anchor: Parameters<MessageStore['page']>[1] = { at: 'latest' }; ; ) {
        const page = await stores.messages.page(channel, anchor, 100, testDeadline())
        if (page.length === 0) break
        for (const { id } of page) ids.add(id)
        anchor = { at: 'before', id: page.toSorted(newestFirst).at(-1)!.id }
      }
      expect(ids.size).toBe(messages.length)
    })

    if (keeps === 'messages') return
    it('keeps every change of a guild acknowledged before a kill', async () => {
      const { metadata } = stores.others!
      const { state, id, owner, others } = aGuild(2)
      await metadata.createGuild(state, testDeadline())
      const nicked = { ...others[0]!, nick: 'nick' }
      await metadata.record(id, [{ type: 'member.updated', member: nicked }], testDeadline())
      await metadata.record(
        id,
        [{ type: 'guild.updated', guild: { ...state.guild, name: 'renamed' } }],
        testDeadline(),
      )
      await stores.engine.kill()
      await stores.engine.restart()
      await waitUntilAllWork()
      const loaded = (await metadata.loadGuild(id, testDeadline()))!
      expect(loaded.guild.name).toBe('renamed')
      expect(loaded.members.get(nicked.user.id)).toEqual(nicked)
      expect(await metadata.guildsOf(owner.user.id, testDeadline())).toEqual([id])
    })
  })
}
