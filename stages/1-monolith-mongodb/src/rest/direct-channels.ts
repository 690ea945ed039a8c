import type { UserId } from '@threshold/contract'
import type { Channel } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { directChannelToWire, readDirectChannels } from '../guild/direct-channels.ts'
import type { Context } from './context.ts'

/** Direct message channels as `viewer` sees them, with users from REST's cache. */
export async function directChannelsToWire(
  { ports: { messages }, users, runtime }: Context,
  viewer: UserId,
  channels: readonly Channel[],
  deadline: Deadline,
): Promise<object[]> {
  const sources = { messages, readUsers: users }
  const found = await readDirectChannels(sources, viewer, channels, runtime, deadline)
  return found.map(directChannelToWire)
}
