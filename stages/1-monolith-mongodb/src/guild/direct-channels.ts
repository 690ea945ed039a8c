import type { UserId } from '@threshold/contract'
import { type Channel, channelToWire, type User } from '@threshold/domain'
import type { Deadline, Runtime } from '@threshold/kit'
import type { DirectChannel, MessageStore } from '@threshold/ports'
import { newestOfDirectMessages } from './last-messages.ts'

export interface DirectChannelSources {
  readonly messages: Pick<MessageStore, 'newest'>
  readUsers(ids: ReadonlySet<UserId>, deadline: Deadline): Promise<ReadonlyMap<UserId, User>>
}

/**
 * Direct message channels as one of their two users sees them: the other one is the recipient.
 * Rejects if the users cannot be read by `deadline`. The ids of the newest messages have a shorter
 * time limit of their own, and are left out if it passes.
 */
export async function readDirectChannels(
  { messages, readUsers }: DirectChannelSources,
  viewer: UserId,
  channels: readonly Channel[],
  runtime: Pick<Runtime, 'clock' | 'log'>,
  deadline: Deadline,
): Promise<DirectChannel[]> {
  const others = ({ recipients }: Channel): UserId[] => recipients!.filter((id) => id !== viewer)
  const channelIds = channels.map(({ id }) => id)
  const [users, newest] = await Promise.all([
    readUsers(new Set(channels.flatMap(others)), deadline),
    newestOfDirectMessages(messages, channelIds, runtime),
  ])
  return channels.map((channel) => {
    const lastMessageId = newest.get(channel.id)
    return {
      channel,
      recipients: others(channel).flatMap((id) => users.get(id) ?? []),
      ...(lastMessageId ? { lastMessageId } : {}),
    }
  })
}

export const directChannelToWire = ({ channel, ...context }: DirectChannel): object =>
  channelToWire(channel, context)
