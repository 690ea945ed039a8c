import { aChannel, aMember, newId, testDeadline } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { deadlineAfter, type Runtime, unavailable } from '@threshold/kit'
import type { MessageSender, MessageStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import type { ChannelAccess, Context } from '../../src/rest/context.ts'
import { createSlowMode } from '../../src/rest/messages/slow-mode.ts'
import { database } from '../adapters/database.ts'

const use = new AsyncDisposableStack()
let real: MessageStore
beforeAll(async () => {
  real = await mongoMessageStore(await database(use))
})
afterAll(() => use.disposeAsync())

const SLOW = { code: 20016, status: 429 }

/** A channel with a slow mode. `reads` counts the pages that were read of its history. */
function slowChannel(seconds = 30) {
  const channel = aChannel(newId(), { rateLimitPerUser: seconds })
  const access = (permissions = 0n, fields = {}): ChannelAccess => ({
    kind: 'guild',
    guildId: channel.guildId!,
    channel: { ...channel, ...fields },
    member: aMember(),
    permissions,
  })
  let reads = 0
  /** Each replaces one read of a page. The pages come from the store after the last one. */
  const faults: ((
    page: () => Promise<readonly MessageSender[]>,
  ) => Promise<readonly MessageSender[]>)[] = []
  const anchors: (string | undefined)[] = []
  const senders: MessageStore['senders'] = (...args) => {
    reads += 1
    anchors.push(args[1])
    const page = () => real.senders(...args)
    return (faults.shift() ?? ((read) => read()))(page)
  }
  let aheadMs = 0
  const runtime = {
    clock: { now: () => Date.now() + aheadMs },
    log: { warn: () => {} },
  } as unknown as Runtime
  const ports = { messages: { ...real, senders } } as unknown as Context['ports']
  const newProcess = () => createSlowMode({ ports, runtime })
  const store = (
    authorId: string,
    nonce?: string,
    enforced = nonce !== undefined,
  ): Promise<unknown> => {
    const message: StoredMessage = {
      v: 1,
      id: newId(),
      channelId: channel.id,
      authorId,
      content: 'hi',
      writeTimeMicros: 1n,
      type: 0,
      ...(nonce === undefined ? {} : { nonce }),
    }
    return real.insert(
      message,
      testDeadline(),
      enforced ? { authorId, channelId: channel.id, nonce: nonce! } : undefined,
    )
  }
  const advance = (ms: number): void => {
    aheadMs += ms
  }
  return { access, newProcess, store, advance, faults, anchors, reads: () => reads }
}

const by = (userId: string) => ({ userId, deadline: testDeadline() })

describe('slow mode', () => {
  it('lets each author write once in its interval, and answers how long to wait', async () => {
    const { access, newProcess, advance } = slowChannel(30)
    const slow = newProcess()
    await slow.admit(by('21'), access(), undefined)
    await slow.admit(by('22'), access(), undefined)
    advance(10_000)
    const refused = await slow.admit(by('21'), access(), undefined).catch((error: unknown) => error)
    expect(refused).toMatchObject(SLOW)
    expect((refused as { retryAfter: number }).retryAfter).toBeGreaterThan(18)
    expect((refused as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(20)
    advance(20_000)
    await slow.admit(by('21'), access(), undefined)
  })

  it('admits one of two simultaneous messages', async () => {
    const { access, newProcess } = slowChannel()
    const slow = newProcess()
    const both = await Promise.allSettled(
      [1, 2].map(() => slow.admit(by('21'), access(), undefined)),
    )
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it.each([Permission.ManageMessages, Permission.ManageChannels, Permission.BypassSlowmode])(
    'exempts members with permission %s',
    async (bit) => {
      const { access, newProcess } = slowChannel()
      const slow = newProcess()
      for (let i = 0; i < 3; i++) await slow.admit(by('21'), access(bit), undefined)
    },
  )

  it('counts neither a message that was not store nor a retry of one that was', async () => {
    const { access, newProcess } = slowChannel()
    const slow = newProcess()
    const release = await slow.admit(by('21'), access(), 'a')
    release()
    await slow.admit(by('21'), access(), 'a')
    await slow.admit(by('21'), access(), 'a')
    await expect(slow.admit(by('21'), access(), 'b')).rejects.toMatchObject(SLOW)
    release() // of the first message, which is no longer counted
    await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
  })

  it('takes a nonce for a retry no longer than stores do', async () => {
    const { access, newProcess, advance } = slowChannel(3_600)
    const slow = newProcess()
    await slow.admit(by('21'), access(), 'a')
    advance(200_000)
    await slow.admit(by('21'), access(), 'a')
    advance(100_000)
    await expect(slow.admit(by('21'), access(), 'a')).rejects.toMatchObject(SLOW)
  })

  it('holds across a restart, and reads the history once', async () => {
    const { access, newProcess, store, reads, advance } = slowChannel()
    await store('21', 'a')
    for (let i = 0; i < 120; i++) await store('22')
    const slow = newProcess()
    await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
    await slow.admit(by('21'), access(), 'a')
    await slow.admit(by('23'), access(), undefined)
    expect(reads()).toBe(2)
    advance(31_000)
    await slow.admit(by('21'), access(), undefined)
    expect(reads()).toBe(2)
  })

  it('counts messages from before it was set, and reads nothing in a channel without it', async () => {
    const { access, newProcess, store, reads } = slowChannel()
    const slow = newProcess()
    await store('21')
    for (let i = 0; i < 3; i++)
      await slow.admit(by('21'), access(0n, { rateLimitPerUser: 0 }), undefined)
    expect(reads()).toBe(0)
    await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
  })

  it('does not take a nonce for a retry if it was not enforced the first time', async () => {
    const { access, newProcess, store } = slowChannel(3_600)
    await store('21', 'x', false)
    await expect(newProcess().admit(by('21'), access(), 'x')).rejects.toMatchObject(SLOW)
  })

  it.each([0, 31])(
    'counts messages from before its setting changed (from %d s)',
    async (between) => {
      const { access, newProcess, store } = slowChannel(30)
      const slow = newProcess()
      await slow.admit(by('22'), access(), undefined)
      await slow.admit(by('21'), access(0n, { rateLimitPerUser: between }), undefined)
      await store('21')
      await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
    },
  )

  it('continues a failed read of the history where it stopped', async () => {
    const { access, newProcess, store, faults, anchors } = slowChannel(3_600)
    await store('21')
    for (let i = 0; i < 240; i++) await store('22')
    const slow = newProcess()
    faults.push(
      (page) => page(),
      () => Promise.reject(unavailable('the store')),
    )
    await slow.admit(by('23'), access(), undefined) // by the pages read so far
    await expect(slow.admit(by('22'), access(), undefined)).rejects.toMatchObject(SLOW)
    await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
    await expect(slow.admit(by('23'), access(), undefined)).rejects.toMatchObject(SLOW)
    expect([anchors[0], new Set(anchors).size, anchors.length]).toEqual([undefined, 3, 4])
  })

  it('admits messages by what it knows while the history is slow, and reads on in the background', async () => {
    const { access, newProcess, store, faults, reads } = slowChannel(3_600)
    await store('21')
    const slow = newProcess()
    const { promise, resolve } = Promise.withResolvers<void>()
    faults.push(async (page) => {
      await promise
      return page()
    })
    const impatient = { userId: '22', deadline: deadlineAfter(200) }
    await Promise.all([
      slow.admit(impatient, access(), undefined),
      slow.admit(by('23'), access(), undefined),
    ])
    await expect(slow.admit(by('23'), access(), undefined)).rejects.toMatchObject(SLOW)
    resolve()
    await expect(slow.admit(by('21'), access(), undefined)).rejects.toMatchObject(SLOW)
    expect(reads()).toBe(1)
  })

  it('refuses for no longer than its interval when the clock is set back', async () => {
    const { access, newProcess, advance } = slowChannel(30)
    const slow = newProcess()
    await slow.admit(by('21'), access(), undefined)
    advance(-600_000)
    const refused = await slow.admit(by('21'), access(), undefined).catch((error: unknown) => error)
    expect((refused as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(30)
  })
})
