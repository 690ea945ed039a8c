import type { Fixture } from '../../fixture.ts'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'

/** A guild, and the gateway connection of its member. */
export async function listeningMember(
  fixture: Fixture,
): Promise<{ guild: TestGuild; socket: Socket }> {
  const guild = await fixture.guild()
  return { guild, socket: await guild.member.connect() }
}
