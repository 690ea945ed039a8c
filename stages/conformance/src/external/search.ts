import type { APIMessage } from 'discord-api-types/v10'
import type { TestGuild } from './guild.ts'
import type { World } from './world.ts'

export interface Found {
  readonly total_results: number
  readonly messages: readonly (readonly APIMessage[])[]
}

/**
 * An index may follow what it indexes a moment later: a search is repeated until it finds so many.
 */
export async function search(
  world: World,
  guild: TestGuild,
  query: string,
  total: number,
  reader = guild.owner,
): Promise<string[]> {
  const found = await world.eventually(
    `a search for ${query} finds ${total}`,
    () => reader.api.get<Found>(`/guilds/${guild.id}/messages/search?${query}`),
    (answer) => answer.total_results === total,
  )
  return found.messages.map(([message]) => message!.content)
}
