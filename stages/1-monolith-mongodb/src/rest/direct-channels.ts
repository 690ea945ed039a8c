import type { UserId } from '@threshold/contract'
import { type Channel, channelToWire } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { newestOfDirectMessages } from '../guild/last-messages.ts'
import type { Context } from './context.ts'

/** Direct messages as one of their people sees them: with the other as their recipient. */
export async function directChannelsToWire(
  { users: people, ports, runtime }: Context,
  viewer: UserId,
  channels: readonly Channel[],
  deadline: Deadline,
): Promise<object[]> {
  const others = ({ recipients }: Channel): UserId[] => recipients!.filter((id) => id !== viewer)
  const [users, newest] = await Promise.all([
    people(channels.flatMap(others), deadline),
    newestOfDirectMessages(
      ports.messages,
      channels.map(({ id }) => id),
      runtime,
    ),
  ])
  return channels.map((channel) =>
    channelToWire(channel, {
      recipients: others(channel).flatMap((id) => users.get(id) ?? []),
      lastMessageId: newest.get(channel.id),
    }),
  )
}
