import { Permission, refuse } from '@threshold/contract'
import type { GuildView, Member } from '@threshold/domain'
import type { Context } from './context.ts'
import type { ApiRequest } from './route.ts'

/** The guild as the user may see it. Throws 404 for an unknown guild, 403 for a non-member. */
export async function requireGuildView(
  { ports: { hub } }: Context,
  { params, userId, deadline }: ApiRequest,
): Promise<GuildView> {
  const view = await hub.view(params.guild!, userId, deadline)
  if (view) return view
  const access = await hub.access(params.guild!, [userId], undefined, deadline)
  throw access.kind === 'unknown-guild' ? refuse.unknownGuild() : refuse.missingAccess()
}

/** Throws unless the user is a member with the `needed` permissions in the guild as a whole. */
export async function authorizeGuild(
  { ports: { hub } }: Context,
  { params, userId, deadline }: ApiRequest,
  needed: bigint,
): Promise<{ readonly permissions: bigint }> {
  const access = await hub.access(params.guild!, [userId], undefined, deadline)
  if (access.kind !== 'found') throw refuse.unknownGuild()
  const member = access.members.get(userId)
  if (!member) throw refuse.missingAccess()
  const { permissions } = member
  if ((permissions & needed) !== needed && (permissions & Permission.Administrator) === 0n)
    throw refuse.missingPermissions()
  return member
}

const PAGE_SIZE = 1_000

/** All members of a guild, page by page. Members who join or leave meanwhile may be missed. */
export async function* allMembers(
  { ports: { hub } }: Context,
  { params, deadline }: ApiRequest,
): AsyncGenerator<Member> {
  for (let after = '0'; ; ) {
    const page = await hub.members(params.guild!, { after, limit: PAGE_SIZE }, deadline)
    yield* page
    if (page.length < PAGE_SIZE) return
    after = page.at(-1)!.user.id
  }
}

/** Presences are counted among this many members. Discord calls its own figures approximate. */
const COUNTED_MEMBERS = 1_000

/** Discord's counts of a guild's members and of those online. */
export async function approximateCounts(
  { ports: { hub } }: Context,
  { deadline }: ApiRequest,
  guildId: string,
  memberCount: number,
): Promise<object> {
  const members = await hub.members(guildId, { after: '0', limit: COUNTED_MEMBERS }, deadline)
  const ids = members.map((member) => member.user.id)
  const online = await hub.presences(guildId, ids, deadline)
  return { approximate_member_count: memberCount, approximate_presence_count: online.size }
}
