import {
  type ChannelId,
  type MessageId,
  Permission,
  refuse,
  timeOf,
  type UserId,
} from '@threshold/contract'
import { hasPermission } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, withDeadline } from '@threshold/kit'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import type { ChannelAccess, Context } from '../context.ts'
import type { Requester } from '../route.ts'

/** Authors whose last message is known, and channels whose history was read. */
const MAX_ENTRIES = 20_000
const PAGE_SIZE = 100
/**
 * The most pages that are read. An author whose last message lies beyond them may write too early.
 */
const MAX_PAGES = 10
const CONCURRENT_READS = 4
/** Time limit of one read of a history. The next message in the channel continues it. */
const READ_TIMEOUT_MS = 10_000
/**
 * A message waits this long for the history and then passes: a slow store must not mute a channel.
 */
const WAIT_MS = 1_000
/**
 * How long a repeated nonce is the same message and passes. It must be shorter than the time
 * for which stores reserve a nonce, or a nonce that is reused later would evade slow mode.
 */
const RETRY_MS = 240_000
const EXEMPTING = [
  Permission.ManageMessages,
  Permission.ManageChannels,
  Permission.BypassSlowmode,
] as const

export interface SlowMode {
  /**
   * Counts a message, or refuses it with 429 and code 20016. Resolves with a function that takes
   * the count back, for a message that was not stored. A retry passes: it has the nonce of the
   * message that was counted.
   */
  admit(sender: Requester, access: ChannelAccess, nonce: string | undefined): Promise<() => void>
}

interface LastMessage {
  readonly at: number
  readonly nonce: string | undefined
}

/** How far a channel's history was read, under one setting of its slow mode. */
interface Recovery {
  readonly seconds: number
  readonly since: number
  before: MessageId | undefined
  pagesLeft: number
  reading: Promise<void> | undefined
}

const NOTHING_TO_TAKE_BACK = (): void => {}

/**
 * Remembers when each author last wrote in each channel with a slow mode. After a restart, or when
 * the setting changes, it reads this once from the channel's history, so that no author writes too
 * early. Channels without a slow mode cost nothing. The times are in this process; production would
 * share them between its API processes.
 */
export function createSlowMode({ ports, runtime }: Pick<Context, 'ports' | 'runtime'>): SlowMode {
  const lastMessages = new LRUCache<string, LastMessage>({ max: MAX_ENTRIES })
  const recoveries = new LRUCache<ChannelId, Recovery>({ max: MAX_ENTRIES })
  const limitReads = pLimit(CONCURRENT_READS)
  const keyOf = (channel: ChannelId, author: UserId): string => `${channel}:${author}`

  async function readHistory(channel: ChannelId, recovery: Recovery): Promise<void> {
    const deadline = deadlineAfter(READ_TIMEOUT_MS)
    while (recovery.pagesLeft > 0) {
      const page = await ports.messages.senders(channel, recovery.before, PAGE_SIZE, deadline)
      for (const { id, authorId, dedupeNonce } of page) {
        // Ids may lie ahead of a clock that was set back.
        const at = Math.min(timeOf(id), runtime.clock.now())
        const key = keyOf(channel, authorId)
        const known = lastMessages.get(key)
        if (at > recovery.since && (known === undefined || known.at < at))
          lastMessages.set(key, { at, nonce: dedupeNonce })
      }
      recovery.before = page.at(-1)?.id
      const reached = recovery.before === undefined || timeOf(recovery.before) <= recovery.since
      recovery.pagesLeft = reached || page.length < PAGE_SIZE ? 0 : recovery.pagesLeft - 1
    }
  }

  /** Waits for one shared read of the history, which goes on when the waiting messages give up. */
  async function recover(channel: ChannelId, seconds: number, deadline: Deadline): Promise<void> {
    let recovery = recoveries.get(channel)
    if (recovery?.seconds !== seconds) {
      const since = runtime.clock.now() - seconds * 1_000
      recovery = { seconds, since, before: undefined, pagesLeft: MAX_PAGES, reading: undefined }
      recoveries.set(channel, recovery)
    }
    if (recovery.pagesLeft === 0) return
    recovery.reading ??= startReading(channel, recovery)
    const waitUntil = { at: Math.min(deadline.at, Date.now() + WAIT_MS) }
    await withDeadline(waitUntil, 'the history for slow mode', recovery.reading).catch(() => {})
  }

  async function startReading(channel: ChannelId, recovery: Recovery): Promise<void> {
    try {
      await limitReads(() => readHistory(channel, recovery))
    } catch (error) {
      runtime.log.warn(
        { channel, err: messageOf(error) },
        'slow mode could not read a history; the next message in the channel tries again',
      )
    } finally {
      recovery.reading = undefined
    }
  }

  return {
    async admit({ userId, deadline }, access, nonce) {
      if (access.kind === 'dm') return NOTHING_TO_TAKE_BACK
      const { channel, permissions } = access
      const seconds = channel.rateLimitPerUser
      // Messages are not counted while slow mode is off, so the history is read when it is on
      // again.
      if (seconds === 0) recoveries.delete(channel.id)
      if (seconds === 0 || EXEMPTING.some((bit) => hasPermission(permissions, bit)))
        return NOTHING_TO_TAKE_BACK
      await recover(channel.id, seconds, deadline)
      // There is no `await` from here on, so of two simultaneous messages one is refused.
      const key = keyOf(channel.id, userId)
      const last = lastMessages.get(key)
      const now = runtime.clock.now()
      const isRetry = last && nonce !== undefined && last.nonce === nonce
      if (isRetry && now - last.at < RETRY_MS) return NOTHING_TO_TAKE_BACK
      const waitMs = last ? Math.min(last.at + seconds * 1_000 - now, seconds * 1_000) : 0
      if (waitMs > 0) throw refuse.slowMode(waitMs / 1_000)
      const counted: LastMessage = { at: now, nonce }
      lastMessages.set(key, counted)
      return () => {
        if (lastMessages.get(key) === counted) lastMessages.delete(key)
      }
    },
  }
}
