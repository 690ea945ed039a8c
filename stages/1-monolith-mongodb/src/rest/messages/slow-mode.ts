import { type ChannelId, Permission, refuse, timeOf, type UserId } from '@threshold/contract'
import { has } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context, Place } from '../context.ts'
import type { Ask } from '../route.ts'

/** Authors remembered, and channels whose history was read. The oldest make room. */
const REMEMBERED = 20_000
const PAGE = 100
/** Pages of history that are read at most. An author whose last message lies beyond them writes one message early. */
const PAGES = 10
/** A repeated nonce means the same message for this long. Stores reserve it for longer: otherwise a nonce would end slow mode. */
const RETRY_MS = 240_000
const EXEMPT = [Permission.ManageMessages, Permission.ManageChannels, Permission.BypassSlowmode]

export interface SlowMode {
  /**
   * Counts a message, or refuses it with 429 and code 20016. Answers how to take the count back, for a message that was not
   * stored. A retry by the nonce of the counted message passes: it is the same message.
   */
  admit(ask: Pick<Ask, 'me' | 'deadline'>, place: Place, nonce: string | undefined): Promise<() => void>
}

interface Sent {
  readonly at: number
  readonly nonce: string | undefined
}

/**
 * When each author last wrote, in channels with a slow mode. The history says so for what this process has not seen: it is
 * read once for each channel and setting, so that neither a restart nor a new setting lets anybody write early. Channels
 * without a slow mode cost nothing. Several API processes would each keep their own counts; production would share them.
 */
export function createSlowMode({ ports, runtime }: Pick<Context, 'ports' | 'runtime'>): SlowMode {
  const sent = new Map<string, Sent>()
  const recovered = new Map<string, Promise<void>>()
  const keyOf = (channel: ChannelId, author: UserId): string => `${channel}:${author}`

  async function read(channel: ChannelId, since: number, deadline: Deadline): Promise<void> {
    let before: string | undefined
    for (let i = 0; i < PAGES; i++) {
      const anchor = before === undefined ? ({ at: 'latest' } as const) : ({ at: 'before', id: before } as const)
      const page = await ports.messages.page(channel, anchor, PAGE, deadline)
      for (const { id, authorId, nonce } of page) {
        const at = Math.min(timeOf(id), runtime.clock.now()) // ids may be ahead, where the clock was set back
        const known = sent.get(keyOf(channel, authorId))
        if (at > since && (known === undefined || known.at < at))
          remember(sent, keyOf(channel, authorId), { at, nonce: nonce === undefined ? undefined : String(nonce) })
      }
      before = page.at(-1)?.id
      if (page.length < PAGE || timeOf(before!) <= since) return
    }
  }

  async function recover(channel: ChannelId, seconds: number, deadline: Deadline): Promise<void> {
    const key = `${channel}:${seconds}`
    let reading = recovered.get(key)
    if (!reading) {
      reading = read(channel, runtime.clock.now() - seconds * 1_000, deadline)
      reading.catch(() => recovered.delete(key))
      remember(recovered, key, reading)
    }
    await reading
  }

  return {
    async admit({ me, deadline }, place, nonce) {
      const seconds = place.channel.rateLimitPerUser
      if (place.kind === 'dm' || seconds === 0 || EXEMPT.some((bit) => has(place.permissions, bit))) return () => {}
      await recover(place.channel.id, seconds, deadline)
      // From here on nothing waits, so that of two messages at once one is refused.
      const key = keyOf(place.channel.id, me)
      const last = sent.get(key)
      const now = runtime.clock.now()
      if (last && nonce !== undefined && last.nonce === nonce && now - last.at < RETRY_MS) return () => {}
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
