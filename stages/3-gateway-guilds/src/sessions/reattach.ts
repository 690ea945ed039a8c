import { setTimeout as sleep } from 'node:timers/promises'
import { deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { HubClient } from '../nats/hub-client.ts'
import { partitionOf } from '../nats/partitions.ts'
import type { WireListener } from '../wire/hub.ts'
import { bitsetOf } from '../wire/link.ts'
import type { Attachment, GuildListener, UserListener } from './attachment.ts'
import type { Attachments } from './attachments.ts'
import { Seen } from './seen.ts'

const ATTACH_TIMEOUT_MS = 5_000
const PAUSE_MS = 500
/** Below NATS's limit of 4 MB: a presence may have 8 KB. */
const LISTENERS_PER_REQUEST = 200
const NO_SESSIONS: Attachment<GuildListener> = {
  slots: new Map(),
  position: undefined,
  seen: new Seen(),
}

export const wireListener = ({
  slot,
  subscriber,
  presence,
  isSettled,
  voice,
  isStarted,
}: GuildListener): WireListener => ({
  slot,
  userId: subscriber.userId,
  sessionId: subscriber.sessionId,
  presence,
  isSettled,
  started: isStarted,
  ...(voice === undefined ? {} : { voice }),
})

/**
 * Attaches the sessions of this process in one partition to its new owner, from the last event on,
 * and then tells the owner that all are attached. One request carries all sessions in a guild. A
 * guild that could not be attached is tried again, and delays only its own events.
 */
export function createReattacher({
  gateway,
  sessions,
  hub,
  onAttached,
  runtime: { clock, log },
}: {
  readonly gateway: string
  readonly sessions: Attachments
  readonly hub: HubClient
  /** The owner has the session, and its presence. */
  readonly onAttached: (listener: GuildListener) => void
  readonly runtime: Pick<Runtime, 'clock' | 'log'>
}): Disposable & { partition(partition: number): void; guild(guild: string): void } {
  /** The newest round of each partition. An older one gives up. */
  const rounds = new Map<number, object>()

  async function attachGuild(
    guild: string,
    { slots, position, startedAt, seen }: Attachment<GuildListener>,
  ): Promise<void> {
    const after = position ?? startedAt
    const listeners = [...slots.values()]
    for (let at = 0; at === 0 || at < listeners.length; at += LISTENERS_PER_REQUEST) {
      const part = listeners.slice(at, at + LISTENERS_PER_REQUEST)
      const isLast = at + LISTENERS_PER_REQUEST >= listeners.length
      const args = {
        guild,
        gateway,
        after,
        continues: false,
        again: true,
        listeners: part.map(wireListener),
        ...(isLast ? { slots: bitsetOf([...slots.values()]), seen: seen.toWire() } : {}),
      }
      const deadline = deadlineAfter(ATTACH_TIMEOUT_MS, clock)
      const { found } = await hub.request(guild, 'attach', args, deadline)
      for (const [index, listener] of part.entries())
        if (found[index]) onAttached(listener)
        else sessions.leave(guild, listener)
    }
  }

  async function attachUser(user: string, attached: Attachment<UserListener>): Promise<void> {
    for (const { slot, subscriber } of attached.slots.values()) {
      const args = {
        user,
        gateway,
        slot,
        sessionId: subscriber.sessionId,
        after: attached.position ?? attached.startedAt,
        continues: false,
      }
      await hub.request(user, 'attachUser', args, deadlineAfter(ATTACH_TIMEOUT_MS, clock))
    }
  }

  /** Resolves to the guilds and users that were not attached. */
  async function attachAll(ids: readonly string[]): Promise<string[]> {
    const failed = await Promise.all(
      ids.map(async (id) => {
        const [guild, user] = [sessions.guilds.get(id), sessions.users.get(id)]
        try {
          if (guild) await attachGuild(id, guild)
          if (user) await attachUser(id, user)
          return []
        } catch (error) {
          log.warn({ id, err: messageOf(error) }, 'sessions were not attached; trying again')
          return [id]
        }
      }),
    )
    return failed.flat()
  }

  async function run(partition: number): Promise<void> {
    const round = {}
    rounds.set(partition, round)
    // A session that begins at the new owner must not make the others drop what they have missed.
    sessions.awaitReplay((id) => partitionOf(id) === partition)
    let left = [...sessions.guilds.keys(), ...sessions.users.keys()].filter(
      (id) => partitionOf(id) === partition,
    )
    /** How many are reported as not attached. The owner waits for these. */
    let reported: number | undefined
    while (rounds.get(partition) === round) {
      left = await attachAll(left)
      if (left.length !== reported && (await report(partition, left))) reported = left.length
      if (reported === 0) break
      await sleep(PAUSE_MS, undefined, { ref: false })
    }
    if (rounds.get(partition) === round) rounds.delete(partition)
  }

  async function report(partition: number, except: string[]): Promise<boolean> {
    const deadline = deadlineAfter(ATTACH_TIMEOUT_MS, clock)
    try {
      await hub.requestOf(partition, 'attached', { gateway, except }, deadline)
      return true
    } catch (error) {
      log.warn({ partition, err: messageOf(error) }, 'an owner was not told; trying again')
      return false
    }
  }

  /** Guilds that are being attached because they were loaded again. */
  const loadedAgain = new Map<string, object>()

  async function runGuild(guild: string): Promise<void> {
    const round = {}
    loadedAgain.set(guild, round)
    while (loadedAgain.get(guild) === round) {
      try {
        // The owner waits for an answer also if the last session has just left.
        await attachGuild(guild, sessions.guilds.get(guild) ?? NO_SESSIONS)
        // The guild may have failed again since, which began another round.
        if (loadedAgain.get(guild) === round) loadedAgain.delete(guild)
      } catch (error) {
        log.debug({ guild, err: messageOf(error) }, 'sessions were not attached; trying again')
        await sleep(PAUSE_MS, undefined, { ref: false })
      }
    }
  }

  return {
    partition: (partition) => void run(partition),
    guild: (guild) => void runGuild(guild),
    [Symbol.dispose]() {
      rounds.clear()
      loadedAgain.clear()
    },
  }
}
