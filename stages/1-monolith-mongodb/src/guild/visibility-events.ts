import { type Channel, channelToWire, type GuildState } from '@threshold/domain'
import type { GuildLog } from './guild-log.ts'
import type { LastMessages } from './last-messages.ts'
import type { VisibilityChange } from './visibility.ts'

/**
 * Tells users that the channels they can view have changed. A user who gained a channel receives
 * CHANNEL_CREATE, a user who lost one CHANNEL_DELETE. Clients need not know which change of roles
 * or overwrites was the cause.
 */
export function publishVisibilityChanges(
  log: GuildLog,
  changes: readonly VisibilityChange[],
  before: GuildState,
  after: GuildState,
  lastMessages: Pick<LastMessages, 'get'>,
): void {
  const toWire = (channel: Channel): object =>
    channelToWire(channel, { lastMessageId: lastMessages.get(channel.id) })
  for (const { channel, gained, lost } of changes) {
    if (gained.size > 0) log.append('CHANNEL_CREATE', toWire(after.channels.get(channel)!), gained)
    // The channel as these users last saw it. Its new topic, for example, is not for them any more.
    if (lost.size > 0) log.append('CHANNEL_DELETE', toWire(before.channels.get(channel)!), lost)
  }
}
