import type { UserId } from '@threshold/contract'
import { type Channel, channelToWire } from '@threshold/domain'
import type { Deadline, Runtime } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { newestOfDirectMessages } from '../guild/last-messages.ts'

/**
 * The direct message channels in READY, each with the other user and the id of its newest message.
 * Rejects if the users cannot be read by `deadline`. The newest ids have a shorter time limit of
 * their own, and are left out if it passes.
 */
export async function directChannels(
  ports: {
    readonly metadata: Pick<MetadataStore, 'users'>
    readonly messages: Pick<MessageStore, 'newest'>
  },
  channels: readonly Channel[],
  self: UserId,
  runtime: Runtime,
  deadline: Deadline,
): Promise<object[]> {
  const othersIn = (channel: Channel): UserId[] => channel.recipients!.filter((id) => id !== self)
  const [users, newest] = await Promise.all([
    ports.metadata.users([...new Set(channels.flatMap(othersIn))], deadline),
    newestOfDirectMessages(
      ports.messages,
      channels.map(({ id }) => id),
      runtime,
    ),
  ])
  const usersById = new Map(users.map((user) => [user.id, user]))
  return channels.map((channel) =>
    channelToWire(channel, {
      // Only the other users were read, so this leaves out `self`.
      recipients: channel.recipients!.flatMap((id) => usersById.get(id) ?? []),
      lastMessageId: newest.get(channel.id),
    }),
  )
}
