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

/**
 * A channel with a slow mode, and a process that serves it. `reads` counts pages of its history.
 */
function world(seconds = 30) {
  const channel = aChannel(newId(), { rateLimitPerUser: seconds })
  const place = (permissions = 0n, fields = {}): ChannelAccess => ({
    kind: 'guild',
    guildId: channel.guildId!,
    channel: { ...channel, ...fields },
    member: aMember(),
    permissions,
  })
  let reads = 0
  /**
   * One for each page of the history that is read from here on, and after the last of them as the
   * store has it.
   */
  const faults: ((
    page: () => Promise<readonly MessageSender[]>,
  ) => Promise<readonly MessageSender[]>)[] = []
  const anchors: (string | undefined)[] = []
  const senders: MessageStore['senders'] = (...args) => {
    reads += 1
    anchors.push(args[1])
    const page = () => real.senders(...args)
    return (faults.shift() ?? ((ask) => ask()))(page)
  }
  let late = 0
  const runtime = {
    clock: { now: () => Date.now() + late },
    log: { warn: () => {} },
  } as unknown as Runtime
  const ports = { messages: { ...real, senders } } as unknown as Context['ports']
  const process = () => createSlowMode({ ports, runtime })
  const stored = (
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
  const later = (ms: number): void => {
    late += ms
  }
  return { place, process, stored, later, faults, anchors, reads: () => reads }
}

const by = (userId: string) => ({ userId, deadline: testDeadline() })

describe('slow mode', () => {
  it('lets each author write once withDeadline its time, and says how long to wait', async () => {
    const { place, process, later } = world(30)
    const slow = process()
    await slow.admit(by('21'), place(), undefined)
    await slow.admit(by('22'), place(), undefined)
    later(10_000)
    const refused = await slow.admit(by('21'), place(), undefined).catch((error: unknown) => error)
    expect(refused).toMatchObject(SLOW)
    expect((refused as { retryAfter: number }).retryAfter).toBeGreaterThan(18)
    expect((refused as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(20)
    later(20_000)
    await slow.admit(by('21'), place(), undefined)
  })

  it('lets one of two messages through that come at once', async () => {
    const { place, process } = world()
    const slow = process()
    const both = await Promise.allSettled(
      [1, 2].map(() => slow.admit(by('21'), place(), undefined)),
    )
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  it.each([Permission.ManageMessages, Permission.ManageChannels, Permission.BypassSlowmode])(
    'is not for who has %s',
    async (bit) => {
      const { place, process } = world()
      const slow = process()
      for (let i = 0; i < 3; i++) await slow.admit(by('21'), place(bit), undefined)
    },
  )

  it('counts no message that was not stored, and no retry of one that was', async () => {
    const { place, process } = world()
    const slow = process()
    const release = await slow.admit(by('21'), place(), 'a')
    release()
    await slow.admit(by('21'), place(), 'a')
    await slow.admit(by('21'), place(), 'a')
    await expect(slow.admit(by('21'), place(), 'b')).rejects.toMatchObject(SLOW)
    release() // of the first, which counts no longer
    await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
  })

  it('takes a nonce for a retry no longer than the store does', async () => {
    const { place, process, later } = world(3_600)
    const slow = process()
    await slow.admit(by('21'), place(), 'a')
    later(200_000)
    await slow.admit(by('21'), place(), 'a')
    later(100_000)
    await expect(slow.admit(by('21'), place(), 'a')).rejects.toMatchObject(SLOW)
  })

  it('holds across a restart: the history is read once', async () => {
    const { place, process, stored, reads, later } = world()
    await stored('21', 'a')
    for (let i = 0; i < 120; i++) await stored('22')
    const slow = process()
    await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
    await slow.admit(by('21'), place(), 'a')
    await slow.admit(by('23'), place(), undefined)
    expect(reads()).toBe(2)
    later(31_000)
    await slow.admit(by('21'), place(), undefined)
    expect(reads()).toBe(2)
  })

  it('counts what was written before it was set, and reads nothing where there is none', async () => {
    const { place, process, stored, reads } = world()
    const slow = process()
    await stored('21')
    for (let i = 0; i < 3; i++)
      await slow.admit(by('21'), place(0n, { rateLimitPerUser: 0 }), undefined)
    expect(reads()).toBe(0)
    await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
  })

  it('takes no nonce for a retry that was not enforced when it was used first', async () => {
    const { place, process, stored } = world(3_600)
    await stored('21', 'x', false)
    await expect(process().admit(by('21'), place(), 'x')).rejects.toMatchObject(SLOW)
  })

  it.each([0, 31])(
    'counts what was written while its setting was another one (%d)',
    async (between) => {
      const { place, process, stored } = world(30)
      const slow = process()
      await slow.admit(by('22'), place(), undefined)
      await slow.admit(by('21'), place(0n, { rateLimitPerUser: between }), undefined)
      await stored('21')
      await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
    },
  )

  it('goes on where reading the history failed, page by page', async () => {
    const { place, process, stored, faults, anchors } = world(3_600)
    await stored('21')
    for (let i = 0; i < 240; i++) await stored('22')
    const slow = process()
    faults.push(
      (page) => page(),
      () => Promise.reject(unavailable('the store')),
    )
    await slow.admit(by('23'), place(), undefined) // by what is known
    await expect(slow.admit(by('22'), place(), undefined)).rejects.toMatchObject(SLOW)
    await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
    await expect(slow.admit(by('23'), place(), undefined)).rejects.toMatchObject(SLOW)
    expect([anchors[0], new Set(anchors).size, anchors.length]).toEqual([undefined, 3, 4])
  })

  it('lets senders through by what is known while the history is slow, and reads on without them', async () => {
    const { place, process, stored, faults, reads } = world(3_600)
    await stored('21')
    const slow = process()
    const { promise, resolve } = Promise.withResolvers<void>()
    faults.push(async (page) => {
      await promise
      return page()
    })
    const impatient = { userId: '22', deadline: deadlineAfter(200) }
    await Promise.all([
      slow.admit(impatient, place(), undefined),
      slow.admit(by('23'), place(), undefined),
    ])
    await expect(slow.admit(by('23'), place(), undefined)).rejects.toMatchObject(SLOW)
    resolve()
    await expect(slow.admit(by('21'), place(), undefined)).rejects.toMatchObject(SLOW)
    expect(reads()).toBe(1)
  })

  it('refuses for no longer than its time when the clock is set back', async () => {
    const { place, process, later } = world(30)
    const slow = process()
    await slow.admit(by('21'), place(), undefined)
    later(-600_000)
    const refused = await slow.admit(by('21'), place(), undefined).catch((error: unknown) => error)
    expect((refused as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(30)
  })
})
