import type { UserId } from '@threshold/contract'
import type { Channel } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { directChannelsToWire as toWire } from '../guild/direct-channels.ts'
import type { Context } from './context.ts'

/** Direct message channels as `viewer` sees them, with users from REST's cache. */
export const directChannelsToWire = (
  { ports: { messages }, users, runtime }: Context,
  viewer: UserId,
  channels: readonly Channel[],
  deadline: Deadline,
): Promise<object[]> => toWire({ messages, readUsers: users }, viewer, channels, runtime, deadline)
