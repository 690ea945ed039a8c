import { Permission, type UserId } from '@threshold/contract'
import { hasPermission, type StoredMessage } from '@threshold/domain'
import type { ChannelAccess, Context, GuildChannelAccess } from '../context.ts'
import type { ApiRequest } from '../route.ts'

/**
 * Puts a push for a message into the outbox, before the message is stored. It goes to the users
 * that the message mentions and who can view the channel, or to the other user of a direct message.
 * A role or `@everyone` pushes to no one here: ADR 5 says why.
 */
export async function enqueuePush(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  message: StoredMessage,
): Promise<void> {
  const isOther = (id: UserId): boolean => id !== request.userId
  const recipients =
    access.kind === 'dm'
      ? access.recipients.filter(isOther)
      : await viewersAmong(context, request, access, (message.mentions ?? []).filter(isOther))
  if (recipients.length === 0) return
  // The push carries names and text, so that the worker and the sink need no further reads.
  const author = await context.requireUser(request.userId, request.deadline)
  await context.ports.notifier.enqueue(
    {
      v: 1,
      id: message.id,
      channelId: message.channelId,
      ...(access.kind === 'guild' ? { guildId: access.guildId } : {}),
      reason: access.kind === 'dm' ? 'dm' : 'mention',
      recipients,
      author: { id: author.id, username: author.username },
      content: message.content,
    },
    request.deadline,
  )
}

/** Keeps the text of a private channel from leaking into the push of a mentioned outsider. */
async function viewersAmong(
  { ports }: Context,
  { deadline }: ApiRequest,
  { guildId, channel }: GuildChannelAccess,
  users: readonly UserId[],
): Promise<UserId[]> {
  if (users.length === 0) return []
  const access = await ports.hub.access(guildId, users, channel.id, deadline)
  if (access.kind !== 'found') return []
  return users.filter((id) =>
    hasPermission(access.members.get(id)?.permissions ?? 0n, Permission.ViewChannel),
  )
}
