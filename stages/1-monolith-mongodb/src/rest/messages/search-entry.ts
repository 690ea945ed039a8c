import type { StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context } from '../context.ts'
import type { GuildMessageChannel } from './message-channel.ts'

/**
 * Writes the search entry of a message: its words, whether a bot wrote it, and the author of
 * `replied`, the message that it replies to. Writing it again replaces it.
 */
export async function writeSearchEntry(
  context: Context,
  { guildId, member }: GuildMessageChannel,
  message: StoredMessage,
  replied: StoredMessage | undefined,
  deadline: Deadline,
): Promise<void> {
  // Only authors send and edit, so the requesting member is the author.
  const author =
    member?.user ?? (await context.users([message.authorId], deadline)).get(message.authorId)
  const authorType = author?.bot ? 'bot' : 'user'
  await context.ports.search.index(
    guildId,
    message,
    { authorType, ...(replied ? { repliedTo: replied.authorId } : {}) },
    deadline,
  )
}
