import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context, GuildChannelAccess } from '../context.ts'

/**
 * Writes the search entry of a message by the requesting user: its words, whether a bot wrote it,
 * and the author of `replied`, the message that it replies to. Writing it again replaces it.
 */
export async function writeSearchEntry(
  { ports }: Context,
  { guildId, member }: GuildChannelAccess,
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
