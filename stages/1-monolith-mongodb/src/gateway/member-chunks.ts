import { Intent, isSnowflake } from '@threshold/contract'
import { type Member, memberToWire, presenceToWire } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'
import type { RequestMembers } from '../input/index.ts'

/** Members in one GUILD_MEMBERS_CHUNK, as at Discord. It is about 300 KB long. */
const CHUNK_SIZE = 1_000
/** Members that a query by name returns at most, whatever limit the client asks for. */
const MAX_BY_NAME = 100

/** The requested members. `missing` are the requested ids of users who are not members. */
async function findMembers(
  hub: GuildHub,
  request: RequestMembers,
  intents: number,
  deadline: Deadline,
): Promise<{ members: readonly Member[]; missing?: string[] }> {
  const guild = request.guild_id
  if (request.user_ids) {
    const ids = request.user_ids.filter(isSnowflake)
    const members = await hub.members(guild, { ids }, deadline)
    const found = new Set(members.map(({ user }) => user.id))
    return { members, missing: request.user_ids.filter((id) => !found.has(id)) }
  }
  const prefix = request.query ?? ''
  if (prefix !== '' || request.limit) {
    const limit = Math.min(request.limit || MAX_BY_NAME, MAX_BY_NAME)
    return { members: await hub.members(guild, { prefix, limit }, deadline) }
  }
  // The whole list of a guild needs the privileged intent.
  if ((intents & Intent.GuildMembers) === 0) return { members: [] }
  const members: Member[] = []
  for (let after = '0'; ; after = members.at(-1)!.user.id) {
    const page = await hub.members(guild, { after, limit: CHUNK_SIZE }, deadline)
    members.push(...page)
    if (page.length < CHUNK_SIZE) return { members }
  }
}

/** The answer to opcode 8, in chunks, so that the caller can wait for the socket in between. */
export async function* memberChunks(
  hub: GuildHub,
  request: RequestMembers,
  intents: number,
  deadline: Deadline,
): AsyncGenerator<object> {
  const { members, missing } = await findMembers(hub, request, intents, deadline)
  const withPresences = request.presences === true && (intents & Intent.GuildPresences) !== 0
  const count = Math.max(1, Math.ceil(members.length / CHUNK_SIZE))
  for (let index = 0; index < count; index++) {
    const chunk = members.slice(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE)
    const ids = chunk.map(({ user }) => user.id)
    const presences = withPresences
      ? await hub.presences(request.guild_id, ids, deadline)
      : undefined
    yield {
      guild_id: request.guild_id,
      members: chunk.map(memberToWire),
      chunk_index: index,
      chunk_count: count,
      ...(missing && missing.length > 0 && index === 0 ? { not_found: missing } : {}),
      ...(presences
        ? {
            presences: [...presences].map(([user, presence]) =>
              presenceToWire(request.guild_id, user, presence),
            ),
          }
        : {}),
      ...(request.nonce == null ? {} : { nonce: request.nonce }),
    }
  }
}
