import { Intent, isSnowflake, type RequestMembers } from '@threshold/contract'
import { type Member, memberToWire, presenceToWire } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'

/** Members in one chunk, as Discord has it: about 300 KB. */
const CHUNK = 1_000
/** Of a query by name, however many were asked for. */
const MOST_BY_NAME = 100

/** Which members were asked for, and who of them is not here. */
async function find(
  hub: GuildHub,
  ask: RequestMembers,
  intents: number,
  deadline: Deadline,
): Promise<{ members: Member[]; missing?: string[] }> {
  const guild = ask.guild_id
  if (ask.user_ids) {
    const ids = ask.user_ids.filter(isSnowflake)
    const members = [...(await hub.members(guild, { ids }, deadline))]
    const found = new Set(members.map((m) => m.user.id))
    return { members, missing: ask.user_ids.filter((id) => !found.has(id)) }
  }
  const prefix = ask.query ?? ''
  if (prefix !== '' || ask.limit) {
    return {
      members: [
        ...(await hub.members(
          guild,
          { prefix, limit: Math.min(ask.limit || MOST_BY_NAME, MOST_BY_NAME) },
          deadline,
        )),
      ],
    }
  }
  // A guild's whole list is what the privileged intent is for.
  if ((intents & Intent.GuildMembers) === 0) return { members: [] }
  const members: Member[] = []
  for (let after = '0'; ; after = members.at(-1)!.user.id) {
    const page = await hub.members(guild, { after, limit: CHUNK }, deadline)
    members.push(...page)
    if (page.length < CHUNK) return { members }
  }
}

/** The answer to op 8, chunk by chunk, so that a sender may let the socket drain in between. */
export async function* memberChunks(
  hub: GuildHub,
  ask: RequestMembers,
  intents: number,
  deadline: Deadline,
): AsyncGenerator<object> {
  const { members, missing } = await find(hub, ask, intents, deadline)
  const withPresences = ask.presences === true && (intents & Intent.GuildPresences) !== 0
  const count = Math.max(1, Math.ceil(members.length / CHUNK))
  for (let index = 0; index < count; index++) {
    const some = members.slice(index * CHUNK, (index + 1) * CHUNK)
    const ids = some.map((m) => m.user.id)
    const presences = withPresences ? await hub.presences(ask.guild_id, ids, deadline) : undefined
    yield {
      guild_id: ask.guild_id,
      members: some.map(memberToWire),
      chunk_index: index,
      chunk_count: count,
      ...(missing && missing.length > 0 && index === 0 ? { not_found: missing } : {}),
      ...(presences
        ? {
            presences: [...presences].map(([user, presence]) =>
              presenceToWire(ask.guild_id, user, presence),
            ),
          }
        : {}),
      ...(ask.nonce == null ? {} : { nonce: ask.nonce }),
    }
  }
}
