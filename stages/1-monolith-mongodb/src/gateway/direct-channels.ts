import type { UserId } from '@threshold/contract'
import type { Channel } from '@threshold/domain'
import type { Deadline, Runtime } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { directChannelsToWire } from '../guild/direct-channels.ts'

/** The direct message channels in READY, with users read from the metadata store. */
export const directChannels = (
  ports: {
    readonly metadata: Pick<MetadataStore, 'users'>
    readonly messages: Pick<MessageStore, 'newest'>
  },
  channels: readonly Channel[],
  self: UserId,
  runtime: Runtime,
  deadline: Deadline,
): Promise<object[]> =>
  directChannelsToWire(
    {
      messages: ports.messages,
      async readUsers(ids, by) {
        const users = await ports.metadata.users([...ids], by)
        return new Map(users.map((user) => [user.id, user]))
      },
    },
    self,
    channels,
    runtime,
    deadline,
  )
