import {
  type Deadline,
  deadlineAfter,
  messageOf,
  type Runtime,
  systemTimers,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'
import type { HubClient } from '../nats/hub-client.ts'
import { LEASE_TTL_MS } from '../nats/leases.ts'
import { partitionOf } from '../nats/partitions.ts'
import type { HubArgs } from '../wire/hub.ts'
import type { GuildListener } from './attachment.ts'
import type { Attachments } from './attachments.ts'
import { wireListener } from './reattach.ts'

/** Time limit for telling an owner of a session's end or change. A new owner may have to begin. */
const NOTIFY_TIMEOUT_MS = 30_000
/**
 * An owner publishes a presence after a delay. If it died before, the next one has the partition
 * within this time, and learns of the presence once more.
 */
const PUBLISHED_AFTER_MS = 3 * LEASE_TTL_MS

/** Subscribes the sessions of this process at the owners of their guilds and users. */
export interface Subscribing extends Pick<GuildHub, 'subscribe' | 'subscribeUser'> {
  /** A new owner has the session, and its presence. */
  onAttached(listener: GuildListener): void
  /** Tells a new owner of sessions that have just ended, since the one before may not have. */
  repeatEnds(partition: number): void
}

/** @param received resolves when the message of a host with this number has come */
export function createSubscribing({
  gateway,
  sessions,
  hub,
  received,
  runtime: { log, clock },
}: {
  readonly gateway: string
  readonly sessions: Attachments
  readonly hub: HubClient
  readonly received: (host: string, n: number) => Promise<void>
  readonly runtime: Pick<Runtime, 'log' | 'clock'>
}): Subscribing {
  const ended = new Set<HubArgs<'detach'>>()

  /** Resolves when what the owner of a guild or a user sent before its answer is delivered. */
  const delivered = (
    id: string,
    { host, linked }: { readonly host: string; readonly linked: number },
    deadline: Deadline,
  ): Promise<void> => {
    const all = received(host, linked).then(() => sessions.delivered(id))
    return withDeadline(deadline, 'the events of a guild', all)
  }

  /** The owner may have forgotten a gateway that was away, and with it what its sessions missed. */
  async function allDelivered(
    id: string,
    answer: { readonly host: string; readonly linked: number; readonly found: boolean },
    deadline: Deadline,
  ): Promise<void> {
    if (!answer.found) throw unavailable('the last events of a session')
    await delivered(id, answer, deadline)
  }

  /** Tells the owner without waiting. An owner that is not told learns it when it changes. */
  function notify(call: (deadline: Deadline) => Promise<unknown>): void {
    call(deadlineAfter(NOTIFY_TIMEOUT_MS, clock)).catch((error: unknown) =>
      log.debug({ err: messageOf(error) }, 'the owner of a guild was not told'),
    )
  }

  function detach(guild: string, listener: GuildListener): void {
    if (!sessions.removeFromGuild(guild, listener)) return
    listener.cancelSettling()
    const session = { guild, gateway, listener: wireListener(listener) }
    ended.add(session)
    systemTimers.after(PUBLISHED_AFTER_MS, () => ended.delete(session))
    notifyEnded(session)
  }

  function notifyEnded(session: HubArgs<'detach'>): void {
    notify((deadline) => hub.request(session.guild, 'detach', session, deadline))
  }

  /** The owner has the session's presence, and publishes it within the delay. */
  function settleLater(listener: GuildListener): void {
    listener.cancelSettling()
    listener.cancelSettling = systemTimers.after(PUBLISHED_AFTER_MS, () => {
      listener.isSettled = true
    })
  }

  return {
    onAttached(listener) {
      if (!listener.isSettled) settleLater(listener)
    },
    repeatEnds(partition) {
      for (const session of ended)
        if (partitionOf(session.guild) === partition) notifyEnded(session)
    },
    async subscribe(guild, subscriber, deadline) {
      const listener = sessions.addToGuild(guild, subscriber)
      const { call } = subscriber
      if (call) listener.voice = call
      const session = { slot: listener.slot, sessionId: subscriber.sessionId }
      try {
        const listeners = [wireListener(listener)]
        const { continues = false } = subscriber
        const args = { guild, gateway, listeners, continues, again: false }
        const answer = await hub.request(guild, 'attach', args, deadline)
        if (!answer.found[0]) {
          sessions.removeFromGuild(guild, listener)
          return undefined
        }
        await delivered(guild, answer, deadline)
        if (listener.presence === subscriber.presence) settleLater(listener)
      } catch (error) {
        detach(guild, listener)
        throw error
      }
      return {
        start: listener.from!,
        setPresence(presence) {
          listener.presence = presence
          listener.isSettled = false
          listener.cancelSettling()
          const args = {
            guild,
            gateway,
            ...session,
            // The request may be repeated, and a later one may have come before.
            get presence() {
              return listener.presence
            },
          }
          notify(async (by) => {
            await hub.request(guild, 'setPresence', args, by)
            if (listener.presence === presence) settleLater(listener)
          })
        },
        async setVoiceState(change, by) {
          const args = { guild, gateway, ...session, change }
          const outcome = await hub.request(guild, 'setVoiceState', args, by)
          if (outcome === 'moved') listener.voice = change
          else if (outcome === 'left') delete listener.voice
          return outcome
        },
        unsubscribe: () => detach(guild, listener),
        async close(by) {
          const args = { guild, gateway, listener: wireListener(listener) }
          await allDelivered(guild, await hub.request(guild, 'detach', args, by), by)
          sessions.removeFromGuild(guild, listener)
        },
      }
    },

    async subscribeUser(subscriber, deadline) {
      const { userId: user, sessionId, continues = false } = subscriber
      const listener = sessions.addToUser(subscriber)
      const session = { user, gateway, slot: listener.slot, sessionId }
      const unsubscribe = (): void => {
        if (sessions.removeFromUser(listener))
          notify((by) => hub.request(user, 'detachUser', session, by))
      }
      try {
        const args = { ...session, continues }
        const answer = await hub.request(user, 'attachUser', args, deadline)
        if (!answer.found) {
          sessions.removeFromUser(listener)
          return undefined
        }
        await delivered(user, answer, deadline)
      } catch (error) {
        unsubscribe()
        throw error
      }
      return {
        start: listener.from!,
        unsubscribe,
        async close(by) {
          await allDelivered(user, await hub.request(user, 'detachUser', session, by), by)
          sessions.removeFromUser(listener)
        },
      }
    },
  }
}
