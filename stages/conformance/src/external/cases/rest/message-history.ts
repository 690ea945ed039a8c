import type { APIMessage } from 'discord-api-types/v10'
import type { Fixture } from '../../fixture.ts'
import type { TestGuild } from '../../test-guild.ts'

/** Creates a guild with `length` messages in its text channel. `ids` are newest first. */
export async function createHistory(
  fixture: Fixture,
  length: number,
): Promise<{ guild: TestGuild; ids: string[]; page: (query: string) => Promise<string[]> }> {
  const guild = await fixture.guild()
  const path = `/channels/${guild.textChannelId}/messages`
  // A busy stage may answer 503 to a send that it has stored. The nonce keeps the retry from
  // storing the message twice.
  const send = (i: number): Promise<APIMessage> =>
    guild.owner.api.post(path, { content: `message ${i}`, nonce: String(i), enforce_nonce: true })
  const sent: string[] = []
  // Five at a time: faster than one by one, and below the rate limit.
  for (let i = 0; i < length; i += 5) {
    const batch = Array.from({ length: Math.min(5, length - i) }, (_, j) => send(i + j))
    sent.push(...(await Promise.all(batch)).map((message) => message.id))
  }
  const ids = sent.sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1))
  const page = async (query: string): Promise<string[]> =>
    (await guild.member.api.get<APIMessage[]>(`${path}${query}`)).map((m) => m.id)
  return { guild, ids, page }
}
