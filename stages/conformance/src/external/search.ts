import type { APIMessage } from 'discord-api-types/v10'
import type { Fixture } from './fixture.ts'
import type { TestGuild } from './test-guild.ts'

export interface SearchResponse {
  readonly total_results: number
  readonly messages: readonly (readonly APIMessage[])[]
}

/**
 * Repeats a search until it has this many results, and returns the contents of the hits. The search
 * index may lag behind a write.
 */
export async function searchUntil(
  fixture: Fixture,
  guild: TestGuild,
  query: string,
  total: number,
  reader = guild.owner,
): Promise<string[]> {
  const found = await fixture.eventually(
    `a search for ${query} finds ${total}`,
    () => reader.api.get<SearchResponse>(`/guilds/${guild.id}/messages/search?${query}`),
    (response) => response.total_results === total,
  )
  return found.messages.map(([message]) => message!.content)
}
