import type { StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'

/** A store that has every message, for pushes whose messages do not matter. */
export const everyMessage: Pick<MessageStore, 'get'> = {
  get: async (channelId, ids) => ids.map((id) => ({ id, channelId }) as StoredMessage),
}
