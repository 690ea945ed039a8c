import type { Invite } from '@threshold/domain'
import { allTests } from '@threshold/engines/testing'
import { type Deadline, deadlineAfter, hasCode } from '@threshold/kit'
import type { MessageStore, MetadataStore, SearchIndex } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { aGuild, aMessage, aUser, newestFirst, newId, testDeadline, writeTime } from './fixtures.ts'
import { OPEN_MS } from './suite.ts'

/** An engine of this suite alone, and the stores on it. */
export interface BreakableStores {
  readonly engine: {
    kill(): Promise<void>
    restart(): Promise<void>
    pause(): Promise<void>
    resume(): Promise<void>
  }
  readonly messages: MessageStore
  /** What else is on the same engine, where it keeps everything. */
  readonly rest?: { readonly metadata: MetadataStore; readonly search: SearchIndex }
}

type Calls = Record<string, (deadline: Deadline) => Promise<unknown>>

/** Every call that the ports have. What it is about need not exist: nobody is there to look. */
function calls({ messages, rest }: BreakableStores): Calls {
  const [channel, message] = [newId(), aMessage(newId())]
  const dedupe = { authorId: message.authorId, channelId: message.channelId, nonce: 'n' }
  const reaction = {
    v: 1,
    channelId: channel,
    messageId: message.id,
    emoji: '👍',
    userId: '1',
    writeTimeMicros: writeTime(),
  } as const
  return {
    'messages.insert': (d) => messages.insert(message, d),
    'messages.insert, with a nonce': (d) => messages.insert(message, d, dedupe),
    'messages.import': (d) => messages.import([message], d),
    'messages.get': (d) => messages.get(channel, [message.id], d),
    'messages.newest': (d) => messages.newest([channel], d),
    'messages.page': (d) => messages.page(channel, { at: 'around', id: message.id }, 50, d),
    'messages.senders': (d) => messages.senders(channel, undefined, 50, d),
    'messages.edit': (d) =>
      messages.edit(
        { id: message.id, channelId: channel, set: { content: 'x' }, writeTimeMicros: writeTime() },
        d,
      ),
    'messages.remove': (d) => messages.remove(channel, [message.id], writeTime(), d),
    'messages.react': (d) => messages.react(reaction, d),
    'messages.unreact': (d) => messages.unreact(reaction, d),
    'messages.reactors': (d) => messages.reactors(channel, message.id, '👍', { limit: 5 }, d),
    'messages.reactions': (d) => messages.reactions(channel, [message.id], '1', d),
    ...(rest === undefined ? {} : otherCalls(rest)),
  }
}

function otherCalls({ metadata, search }: NonNullable<BreakableStores['rest']>): Calls {
  const [channel, message, { state, id, owner, text }] = [newId(), aMessage(newId()), aGuild()]
  const life = { createdAt: Date.now(), maxAge: 0, maxUses: 0, uses: 0, temporary: false }
  const invite: Invite = {
    v: 1,
    code: newId(),
    guildId: id,
    channelId: channel,
    inviterId: '1',
    ...life,
  }
  const dm = { ...text, id: newId(), type: 1, recipients: ['1', '2'] } as const
  const query = { words: ['x'], channels: [channel], order: 'newest', offset: 0, limit: 5 } as const
  return {
    'metadata.createUser': (d) => metadata.createUser(aUser(), d),
    'metadata.users': (d) => metadata.users(['1'], d),
    'metadata.createGuild': (d) => metadata.createGuild(state, d),
    'metadata.loadGuild': (d) => metadata.loadGuild(id, d),
    'metadata.record': (d) => metadata.record(id, [{ type: 'member.added', member: owner }], d),
    'metadata.channel': (d) => metadata.channel(text.id, d),
    'metadata.guildsOf': (d) => metadata.guildsOf('1', d),
    'metadata.openDm': (d) => metadata.openDm(dm, d),
    'metadata.dmsOf': (d) => metadata.dmsOf('1', d),
    'metadata.createInvite': (d) => metadata.createInvite(invite, d),
    'metadata.invite': (d) => metadata.invite(invite.code, d),
    'metadata.invitesOf': (d) => metadata.invitesOf(channel, d),
    'metadata.invitesOfGuild': (d) => metadata.invitesOfGuild(id, d),
    'metadata.guildsWithTemporaryMembers': (d) => metadata.guildsWithTemporaryMembers(d),
    'metadata.removeInvite': (d) => metadata.removeInvite(invite.code, d),
    'metadata.useInvite': (d) => metadata.useInvite(invite.code, d),
    'metadata.giveBackInvite': (d) => metadata.giveBackInvite(invite.code, d),
    'metadata.ping': (d) => metadata.ping(d),
    'search.index': (d) => search.index(id, message, { authorType: 'user' }, d),
    'search.remove': (d) => search.remove([message.id], d),
    'search.search': (d) => search.search(id, query, d),
  }
}

const DEADLINE_MS = 800
/** What a busy machine may add to a deadline before it counts as not kept. */
const GRACE_MS = 10_000
const BACK = { timeout: 60_000, interval: 100 }

/**
 * What stores do while their engine is killed, or hangs, and after it. Whatever is asked of them is
 * answered within its deadline; what they acknowledged is still there; and they find the engine
 * again by themselves.
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
     * Everything at once, and once more: the first round may find connections that look alive, the
     * second none.
     */
    async function allRefuse(): Promise<void> {
      for (let round = 0; round < 2; round++) {
        const began = performance.now()
        const settled = await Promise.all(
          Object.entries(calls(stores)).map(async ([what, call]) => {
            const outcome = await call(deadlineAfter(DEADLINE_MS)).then(
              (value) => ({ value }),
              (error: unknown) => ({ error }),
            )
            return { what, outcome, ms: performance.now() - began }
          }),
        )
        for (const { what, outcome, ms } of settled) {
          expect({ what, outcome }).toEqual({ what, outcome: { error: refusal } })
          expect(ms, what).toBeLessThan(DEADLINE_MS + GRACE_MS)
        }
      }
    }
    /**
     * In the end, and not from the first answer on: a driver that saw many calls time out drops
     * that connection, which may have come to life again meanwhile, and needs a moment for the next
     * one.
     */
    const allWork = (): Promise<void> =>
      vi.waitFor(async () => {
        for (const call of Object.values(calls(stores))) await call(testDeadline())
      }, BACK)

    // A kill costs a start, which of a JVM is the longest of it all; the last test kills as well.
    it.runIf(allTests() || keeps === 'everything')(
      'answers every call within its deadline while the engine is killed, and works when it is back',
      async () => {
        await allWork()
        await stores.engine.kill()
        await allRefuse()
        await stores.engine.restart()
        await allWork()
      },
    )

    it('answers every call within its deadline while the engine hangs, and works when it goes on', async () => {
      await allWork()
      await stores.engine.pause()
      await allRefuse()
      await stores.engine.resume()
      await allWork()
    })

    it('comes through a flood of calls to an engine that hangs', async () => {
      await stores.engine.pause()
      const flood = await Promise.allSettled(
        Array.from({ length: 300 }, () =>
          stores.messages.page(newId(), { at: 'latest' }, 50, deadlineAfter(DEADLINE_MS)),
        ),
      )
      expect(flood).toEqual(flood.map(() => ({ status: 'rejected', reason: refusal })))
      await stores.engine.resume()
      await allWork()
    })

    it('has every message that it acknowledged before a kill, and a retry of the others is no second message', async () => {
      await allWork()
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
      await allWork()
      const there = async () => {
        const found = await stores.messages.get(
          channel,
          messages.map(({ id }) => id),
          testDeadline(),
        )
        return new Set(found.map(({ id }) => id))
      }
      expect(acknowledged.difference(await there())).toEqual(new Set())

      // A client tries again under a new id and with the same nonce, as REST does.
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
    it('has every change of a guild that it acknowledged before a kill', async () => {
      const { metadata } = stores.rest!
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
      await allWork()
      const loaded = (await metadata.loadGuild(id, testDeadline()))!
      expect(loaded.guild.name).toBe('renamed')
      expect(loaded.members.get(nicked.user.id)).toEqual(nicked)
      expect(await metadata.guildsOf(owner.user.id, testDeadline())).toEqual([id])
    })
  })
}
