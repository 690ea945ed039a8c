import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context } from '../context.ts'

/** Makes a message findable, by its words and by what it says nothing of itself: whether a bot wrote it, and whom it answers. */
export async function indexMessage({ people, ports }: Context, guildId: string, message: StoredMessage, deadline: Deadline): Promise<void> {
  const { authorId, channelId, reference } = message
  const [authors, [replied]] = await Promise.all([
    people([authorId], deadline),
    reference ? ports.messages.get(channelId, [reference.messageId], deadline) : [],
  ])
  const authorType = authors.get(authorId)?.bot === false ? 'user' : 'bot'
  const facts = { authorType, ...(replied ? { repliedTo: replied.authorId } : {}) } as const
  await ports.search.index(guildId, message, facts, deadline)
}
