import { deadlineAfter, messageOf, type Runtime, type Timers } from '@threshold/kit'
import type { HubClient } from '../nats/hub-client.ts'
import { partitionOf } from '../nats/partitions.ts'
import type { WireListener } from '../wire/hub.ts'
import type { Attachment, Attachments, GuildListener, UserListener } from './attachments.ts'

const ATTACH_TIMEOUT_MS = 5_000

export const wireListener = ({
  slot,
  subscriber,
  presence,
  voice,
}: GuildListener): WireListener => ({
  slot,
  userId: subscriber.userId,
  sessionId: subscriber.sessionId,
  presence,
  ...(voice === undefined ? {} : { voice }),
})

/**
 * Attaches the sessions of this process to new owners, from the last event on. One request carries
 * all sessions in a guild. A guild whose owner does not answer is tried again, for as long as there
 * are sessions in it.
 */
export function createReattacher({
  gateway,
  sessions,
  hub,
  runtime: { clock, log },
  timers,
}: {
  readonly gateway: string
  readonly sessions: Attachments
  readonly hub: HubClient
  readonly runtime: Pick<Runtime, 'clock' | 'log'>
  readonly timers: Timers
}): (isConcerned: (partition: number) => boolean) => void {
  async function attachGuild(guild: string, attached: Attachment<GuildListener>): Promise<void> {
    const listeners = [...attached.slots.values()]
    const { found } = await hub.request(
      guild,
      'attach',
      {
        guild,
        gateway,
        listeners: listeners.map(wireListener),
        after: attached.position,
        all: true,
      },
      deadlineAfter(ATTACH_TIMEOUT_MS, clock),
    )
    for (const [index, listener] of listeners.entries())
      if (!found[index]) sessions.leave(guild, listener)
  }

  async function attachUser(user: string, attached: Attachment<UserListener>): Promise<void> {
    for (const { slot, subscriber } of attached.slots.values()) {
      const { sessionId } = subscriber
      const args = { user, gateway, slot, sessionId, after: attached.position }
      await hub.request(user, 'attachUser', args, deadlineAfter(ATTACH_TIMEOUT_MS, clock))
    }
  }

  function attach<T>(
    all: ReadonlyMap<string, Attachment<T>>,
    id: string,
    work: (id: string, attached: Attachment<T>) => Promise<void>,
  ): void {
    const attached = all.get(id)
    if (!attached) return
    work(id, attached).catch((error: unknown) => {
      log.warn({ id, err: messageOf(error) }, 'sessions were not attached; trying again')
      timers.after(ATTACH_TIMEOUT_MS, () => attach(all, id, work))
    })
  }

  return (isConcerned) => {
    for (const guild of sessions.guilds.keys())
      if (isConcerned(partitionOf(guild))) attach(sessions.guilds, guild, attachGuild)
    for (const user of sessions.users.keys())
      if (isConcerned(partitionOf(user))) attach(sessions.users, user, attachUser)
  }
}
