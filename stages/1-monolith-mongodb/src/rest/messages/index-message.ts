import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context, Place } from '../context.ts'

/** Makes a message of the asker findable: by its words, by whether a bot wrote it, and by whom it answers. */
export async function indexMessage(
  { ports }: Context,
  { guildId, member }: Extract<Place, { kind: 'guild' }>,
  message: StoredMessage,
  deadline: Deadline,
): Promise<void> {
  const { channelId, reference } = message
  const [replied] = reference ? await ports.messages.get(channelId, [reference.messageId], deadline) : []
  const authorType = member.user.bot ? 'bot' : 'user'
  await ports.search.index(guildId, message, { authorType, ...(replied ? { repliedTo: replied.authorId } : {}) }, deadline)
}
