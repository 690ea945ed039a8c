import type { UserId } from '@threshold/contract'
import { type Channel, channelToWire } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { newestOfDirectMessages } from '../guild/last-messages.ts'
import type { Context } from './context.ts'

/** Direct message channels as one of their two users sees them: the other one is the recipient. */
export async function directChannelsToWire(
  context: Context,
  viewer: UserId,
  channels: readonly Channel[],
  deadline: Deadline,
): Promise<object[]> {
  const { ports, runtime } = context
  const others = ({ recipients }: Channel): UserId[] => recipients!.filter((id) => id !== viewer)
  const channelIds = channels.map(({ id }) => id)
  const [users, newest] = await Promise.all([
    context.users(channels.flatMap(others), deadline),
    newestOfDirectMessages(ports.messages, channelIds, runtime),
  ])
  return channels.map((channel) =>
    channelToWire(channel, {
      recipients: others(channel).flatMap((id) => users.get(id) ?? []),
      lastMessageId: newest.get(channel.id),
    }),
  )
}
