import { compareIds, Permission, type RoleId, type UserId } from '@threshold/contract'
import { withoutCode } from './code-spans.ts'
import type { GuildState } from './model.ts'
import { hasPermission } from './permissions.ts'

/** The mentions that a sender allows, as a request states them. A missing list allows none. */
export interface AllowedMentions {
  readonly parse?: readonly ('users' | 'roles' | 'everyone')[] | null | undefined
  readonly users?: readonly UserId[] | null | undefined
  readonly roles?: readonly RoleId[] | null | undefined
}

export interface Mentions {
  readonly users: readonly UserId[]
  readonly roles: readonly RoleId[]
  readonly everyone: boolean
}

const NONE: Mentions = { users: [], roles: [], everyone: false }
/** Discord's limit for the mentions of one message that notify. */
const MAX_MENTIONS = 100

/**
 * The mentions in a text: `<@id>`, `<@!id>`, `<@&role>`, `@everyone` and `@here`, as far as the
 * sender's `allowed` admits them. Code contains none. The caller drops ids that do not exist, and
 * roles and @everyone that the author may not mention.
 */
export function findMentions(
  content: string,
  allowed: AllowedMentions | null | undefined,
): Mentions {
  if (content.length === 0) return NONE
  const text = withoutCode(content)
  const found = {
    users: unique(text.matchAll(/<@!?([0-9]{1,19})>/g)),
    roles: unique(text.matchAll(/<@&([0-9]{1,19})>/g)),
    everyone: /@(everyone|here)\b/.test(text),
  }
  if (!allowed) return found
  const parse = allowed.parse ?? []
  return {
    users: parse.includes('users')
      ? found.users
      : found.users.filter((id) => allowed.users?.includes(id)),
    roles: parse.includes('roles')
      ? found.roles
      : found.roles.filter((id) => allowed.roles?.includes(id)),
    everyone: parse.includes('everyone') && found.everyone,
  }
}

/**
 * Drops the mentions that the author may not make. `@everyone`, and a role that is not mentionable,
 * need MENTION_EVERYONE. Roles that do not exist are dropped as well.
 */
export function permittedMentions(
  mentions: Mentions,
  state: Pick<GuildState, 'roles'>,
  permissions: bigint,
): Mentions {
  const mayMentionAll = hasPermission(permissions, Permission.MentionEveryone)
  return {
    users: mentions.users,
    roles: mentions.roles.filter((id) => {
      const role = state.roles.get(id)
      return role !== undefined && (mayMentionAll || role.mentionable)
    }),
    everyone: mentions.everyone && mayMentionAll,
  }
}

const unique = (matches: Iterable<RegExpMatchArray>): string[] =>
  [...new Set([...matches].map((m) => BigInt(m[1]!).toString()))]
    .sort(compareIds)
    .slice(0, MAX_MENTIONS)
