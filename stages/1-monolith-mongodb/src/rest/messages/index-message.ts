import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context, Place } from '../context.ts'

/**
 * Makes a message of the asker findable: by its words, by whether a bot wrote it, and by the author
 * of the message it replies to. `replied` is that message, where the caller has read it.
 */
export async function indexMessage(
  { ports }: Context,
  { guildId, member }: Extract<Place, { kind: 'guild' }>,
  message: StoredMessage,
  replied: StoredMessage | undefined,
  deadline: Deadline,
): Promise<void> {
  const authorType = member.user.bot ? 'bot' : 'user'
  await ports.search.index(
    guildId,
    message,
    { authorType, ...(replied ? { repliedTo: replied.authorId } : {}) },
    deadline,
  )
}
