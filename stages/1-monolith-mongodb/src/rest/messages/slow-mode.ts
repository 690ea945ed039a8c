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
import pLimit from 'p-limit'
import type { ChannelAccess, Context } from '../context.ts'
import type { Requester } from '../route.ts'

/** Authors remembered, and channels whose history was read. The oldest make room. */
const REMEMBERED = 20_000
const PAGE = 100
/**
 * Pages of history that are read at most. An author whose last message lies beyond them writes one
 * message early.
 */
const PAGES = 10
/** Histories that are read at the same time. */
const READS_AT_ONCE = 4
/** One reading of a history. The next one reads the rest. */
const READ_MS = 10_000
/**
 * A sender waits for the history this long, and then passes by what is known: a slow store must not
 * close a channel.
 */
const WAIT_MS = 1_000
/**
 * A repeated nonce means the same message for this long. Stores reserve it for longer: otherwise a
 * nonce would end slow mode.
 */
const RETRY_MS = 240_000
const EXEMPT = [Permission.ManageMessages, Permission.ManageChannels, Permission.BypassSlowmode]

export interface SlowMode {
  /**
   * Counts a message, or refuses it with 429 and code 20016. Answers how to take the count back,
   * for a message that was not stored. A retry by the enforced nonce of the counted message passes:
   * it is the same message.
   */
  admit(request: Requester, access: ChannelAccess, nonce: string | undefined): Promise<() => void>
}

interface Sent {
  readonly at: number
  readonly nonce: string | undefined
}

/** How far a channel's history was read, for one setting of its slow mode. */
interface Recovery {
  readonly seconds: number
  readonly since: number
  before: MessageId | undefined
  pagesLeft: number
  reading: Promise<void> | undefined
}

/**
 * When each author last wrote, in channels with a slow mode. The history says so for what this
 * process has not seen: it is read once for each channel and setting, so that neither a restart nor
 * a new setting lets anybody write early. Channels without a slow mode cost nothing. Several API
 * processes would each keep their own counts; production would share them.
 */
export function createSlowMode({ ports, runtime }: Pick<Context, 'ports' | 'runtime'>): SlowMode {
  const sent = new Map<string, Sent>()
  const recoveries = new Map<ChannelId, Recovery>()
  const fewReads = pLimit(READS_AT_ONCE)
  const keyOf = (channel: ChannelId, author: UserId): string => `${channel}:${author}`

  async function read(channel: ChannelId, recovery: Recovery): Promise<void> {
    const deadline = deadlineAfter(READ_MS)
    while (recovery.pagesLeft > 0) {
      const page = await ports.messages.senders(channel, recovery.before, PAGE, deadline)
      for (const { id, authorId, dedupeNonce } of page) {
        const at = Math.min(timeOf(id), runtime.clock.now()) // ids may be ahead, where the clock was set back
        const known = sent.get(keyOf(channel, authorId))
        if (at > recovery.since && (known === undefined || known.at < at))
          remember(sent, keyOf(channel, authorId), { at, nonce: dedupeNonce })
      }
      recovery.before = page.at(-1)?.id
      const reached = recovery.before === undefined || timeOf(recovery.before) <= recovery.since
      recovery.pagesLeft = reached || page.length < PAGE ? 0 : recovery.pagesLeft - 1
    }
  }

  /** The reading is shared by all who wait, and outlasts their deadlines. */
  async function recover(channel: ChannelId, seconds: number, deadline: Deadline): Promise<void> {
    let recovery = recoveries.get(channel)
    if (recovery?.seconds !== seconds) {
      const since = runtime.clock.now() - seconds * 1_000
      recovery = { seconds, since, before: undefined, pagesLeft: PAGES, reading: undefined }
      remember(recoveries, channel, recovery)
    }
    if (recovery.pagesLeft === 0) return
    recovery.reading ??= startReading(channel, recovery)
    const wait = { at: Math.min(deadline.at, Date.now() + WAIT_MS) }
    await withDeadline(wait, 'the history for slow mode', recovery.reading).catch(() => {})
  }

  async function startReading(channel: ChannelId, recovery: Recovery): Promise<void> {
    try {
      await fewReads(() => read(channel, recovery))
    } catch (error) {
      runtime.log.warn(
        { channel, err: messageOf(error) },
        'slow mode could not read a history; the next message tries again',
      )
    } finally {
      recovery.reading = undefined
    }
  }

  return {
    async admit({ userId: me, deadline }, access, nonce) {
      if (access.kind === 'dm') return () => {}
      const seconds = access.channel.rateLimitPerUser
      // Messages are not counted while slow mode is off: when it is on again, the history tells of
      // them.
      if (seconds === 0) recoveries.delete(access.channel.id)
      if (seconds === 0 || EXEMPT.some((bit) => hasPermission(access.permissions, bit)))
        return () => {}
      await recover(access.channel.id, seconds, deadline)
      // From here on nothing waits, so that of two messages at once one is refused.
      const key = keyOf(access.channel.id, me)
      const last = sent.get(key)
      const now = runtime.clock.now()
      if (last && nonce !== undefined && last.nonce === nonce && now - last.at < RETRY_MS)
        return () => {}
      const left = last ? Math.min(last.at + seconds * 1_000 - now, seconds * 1_000) : 0
      if (left > 0) throw refuse.slowMode(left / 1_000)
      const mine: Sent = { at: now, nonce }
      remember(sent, key, mine)
      return () => {
        if (sent.get(key) === mine) sent.delete(key)
      }
    },
  }
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key) // to the end: the oldest goes first
  if (map.size >= REMEMBERED) map.delete(map.keys().next().value!)
  map.set(key, value)
}
