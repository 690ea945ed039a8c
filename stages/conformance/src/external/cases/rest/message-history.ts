import type { APIMessage } from 'discord-api-types/v10'
import type { Fixture } from '../../fixture.ts'
import type { TestGuild } from '../../test-guild.ts'

/** Creates a guild with `length` messages in its text channel. `ids` are newest first. */
export async function createHistory(
  fixture: Fixture,
  length: number,
): Promise<{ guild: TestGuild; ids: string[]; page: (query: string) => Promise<string[]> }> {
  const guild = await fixture.guild()
  const sent: string[] = []
  // Five at a time: faster than one by one, and below the rate limit.
  for (let i = 0; i < length; i += 5) {
    const some = Array.from({ length: Math.min(5, length - i) }, (_, j) =>
      guild.send(`message ${i + j}`),
    )
    sent.push(...(await Promise.all(some)).map((message) => message.id))
  }
  const ids = sent.sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1))
  const page = async (query: string): Promise<string[]> =>
    (await guild.member.api.get<APIMessage[]>(`/channels/${guild.textId}/messages${query}`)).map(
      (m) => m.id,
    )
  return { guild, ids, page }
}
