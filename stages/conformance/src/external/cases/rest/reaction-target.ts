import type { APIMessage } from 'discord-api-types/v10'
import type { TestGuild } from '../../test-guild.ts'

export const THUMB = '👍'

/** A message to react to. */
interface ReactionTarget {
  readonly guild: TestGuild
  readonly id: string
  /** The path of its reactions. */
  readonly path: string
  /** The message's reactions as the reader sees them. */
  reactions(
    reader?: 'owner' | 'member',
  ): Promise<{ name: string | null; id: string | null; count: number; me: boolean }[]>
}

export async function createReactionTarget(guild: TestGuild): Promise<ReactionTarget> {
  const { id } = await guild.send('react to this')
  const path = `/channels/${guild.textChannelId}/messages/${id}`
  return {
    guild,
    id,
    path: `${path}/reactions`,
    async reactions(reader = 'owner') {
      const list = (await guild[reader].api.get<APIMessage>(path)).reactions ?? []
      return list.map(({ emoji, count, me }) => ({ name: emoji.name, id: emoji.id, count, me }))
    },
  }
}
