import {
  findMentions,
  type Mentions,
  permittedMentions,
  type StoredMessage,
} from '@threshold/domain'
import type { CreateMessage } from '../../input/index.ts'
import type { ChannelAccess, Context } from '../context.ts'
import type { ApiRequest } from '../route.ts'

/**
 * The users, roles and everyone that a text mentions, without those that do not exist and those
 * that `allowed` or the author's permissions exclude. Roles are read only if the text names any.
 */
export async function resolveMentions(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  content: string,
  allowed: CreateMessage['allowed_mentions'],
): Promise<Mentions> {
  const found = findMentions(content, allowed)
  const users =
    found.users.length === 0 ? [] : [...(await context.users(found.users, request.deadline)).keys()]
  if (access.kind === 'dm') return { users, roles: [], everyone: false }
  const { hub } = context.ports
  const view =
    found.roles.length === 0
      ? undefined
      : await hub.view(access.guildId, request.userId, request.deadline)
  const roles = new Map(view?.roles.map((role) => [role.id, role]))
  return permittedMentions({ ...found, users }, { roles }, access.permissions)
}

/** Empty fields are left out of a stored message. */
export const mentionFields = (
  mentions: Mentions,
): Pick<StoredMessage, 'mentions' | 'mentionRoles' | 'mentionEveryone'> => ({
  ...(mentions.users.length > 0 ? { mentions: mentions.users } : {}),
  ...(mentions.roles.length > 0 ? { mentionRoles: mentions.roles } : {}),
  ...(mentions.everyone ? { mentionEveryone: true } : {}),
})

/**
 * Whether a reply pings the author of the message it replies to. It does by default; an explicit
 * `allowed_mentions` without `replied_user` means no ping.
 */
export const pingsRepliedAuthor = (allowed: CreateMessage['allowed_mentions']): boolean =>
  allowed == null || allowed.replied_user === true
