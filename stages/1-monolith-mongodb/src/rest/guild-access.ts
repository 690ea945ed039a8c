import { Permission, refuse } from '@threshold/contract'
import type { GuildView, Member } from '@threshold/domain'
import type { Context } from './context.ts'
import type { ApiRequest } from './route.ts'

/** The guild as the asker may see it; unknown guilds are 404, those one is not in 403. */
export async function requireGuildView(context: Context, request: ApiRequest): Promise<GuildView> {
  const view = await context.ports.hub.view(request.params.guild!, request.userId, request.deadline)
  if (view) return view
  const access = await context.ports.hub.access(
    request.params.guild!,
    request.userId,
    undefined,
    request.deadline,
  )
  throw access.kind === 'unknown-guild' ? refuse.unknownGuild() : refuse.missingAccess()
}

/** Who may see a guild's settings that are not in every member's view. */
export async function authorizeGuild(
  context: Context,
  request: ApiRequest,
  needed: bigint,
): Promise<{ readonly permissions: bigint }> {
  const access = await context.ports.hub.access(
    request.params.guild!,
    request.userId,
    undefined,
    request.deadline,
  )
  if (access.kind === 'unknown-guild') throw refuse.unknownGuild()
  if (access.kind !== 'member') throw refuse.missingAccess()
  if (
    (access.permissions & needed) !== needed &&
    (access.permissions & Permission.Administrator) === 0n
  )
    throw refuse.missingPermissions()
  return access
}

const PAGE = 1_000

/**
 * All members of a guild, a page at a time. A member who joins or leaves meanwhile may be missed.
 */
export async function* allMembers(context: Context, request: ApiRequest): AsyncGenerator<Member> {
  for (let after = '0'; ; ) {
    const page = await context.ports.hub.members(
      request.params.guild!,
      { after, limit: PAGE },
      request.deadline,
    )
    yield* page
    if (page.length < PAGE) return
    after = page.at(-1)!.user.id
  }
}

/** Members counted for presences; approximate is Discord's own word for these figures. */
const COUNTED = 1_000

/** How many are in a guild, and how many of them are online. */
export async function approximateCounts(
  context: Context,
  request: ApiRequest,
  guildId: string,
  memberCount: number,
): Promise<object> {
  const { hub } = context.ports
  const members = await hub.members(guildId, { after: '0', limit: COUNTED }, request.deadline)
  const ids = members.map((member) => member.user.id)
  const online = await hub.presences(guildId, ids, request.deadline)
  return { approximate_member_count: memberCount, approximate_presence_count: online.size }
}
