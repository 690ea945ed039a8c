import { Permission } from '@threshold/contract'
import type { APIChannel, APIGuild, APIMessage, APIRole } from 'discord-api-types/v10'
import type { Fixture } from './fixture.ts'
import type { Socket } from './socket.ts'
import type { TestUser } from './test-user.ts'
import { unique } from './unique.ts'

export interface GuildOptions {
  /** What @everyone may do; by default what the stage says. */
  readonly everyone?: bigint
}

/**
 * What members may usually do. Set by the test, so that it does not lean on what a stage grants by
 * default.
 */
export const MEMBER_PERMISSIONS: bigint =
  Permission.ViewChannel |
  Permission.SendMessages |
  Permission.ReadMessageHistory |
  Permission.AddReactions |
  Permission.EmbedLinks |
  Permission.CreateInstantInvite |
  Permission.ChangeNickname |
  Permission.Connect |
  Permission.Speak

/**
 * A guild made for one case: Ada owns it, Bob is in it, and there is a channel to write and one to
 * talk in.
 */
export class TestGuild {
  readonly id: string
  readonly name: string
  readonly owner: TestUser
  readonly member: TestUser
  readonly textId: string
  readonly voiceId: string
  readonly #fixture: Fixture

  constructor(
    fixture: Fixture,
    guild: APIGuild,
    people: { owner: TestUser; member: TestUser },
    channels: { text: string; voice: string },
  ) {
    this.#fixture = fixture
    this.id = guild.id
    this.name = guild.name
    this.owner = people.owner
    this.member = people.member
    this.textId = channels.text
    this.voiceId = channels.voice
  }

  async addMember(
    actor: TestUser,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<TestUser> {
    await this.owner.api.put(`/guilds/${this.id}/members/${actor.id}`, {
      access_token: actor.token,
      ...more,
    })
    return actor
  }

  async newMember(name: string): Promise<TestUser> {
    return this.addMember(await this.#fixture.user(name))
  }

  /** A channel, of text unless said otherwise. */
  createChannel(
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<APIChannel & { id: string; name: string }> {
    return this.owner.api.post(`/guilds/${this.id}/channels`, { name: 'side', ...fields })
  }

  /** A channel that @everyone cannot view. */
  createHiddenChannel(
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<APIChannel & { id: string; name: string }> {
    return this.createChannel({
      name: 'hidden',
      permission_overwrites: [{ id: this.id, type: 0, deny: String(Permission.ViewChannel) }],
      ...fields,
    })
  }

  createRole(
    permissions: bigint,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<APIRole> {
    return this.owner.api.post(`/guilds/${this.id}/roles`, {
      name: 'role',
      permissions: String(permissions),
      ...fields,
    })
  }

  giveRole(actor: TestUser, roleId: string): Promise<void> {
    return this.owner.api.put(`/guilds/${this.id}/members/${actor.id}/roles/${roleId}`)
  }

  /** Lets a member do what @everyone may not. */
  async grantPermissions(actor: TestUser, permissions: bigint): Promise<APIRole> {
    const role = await this.createRole(permissions)
    await this.giveRole(actor, role.id)
    return role
  }

  setOverwrite(
    channel: string,
    target: string,
    type: 0 | 1,
    bits: { allow?: bigint; deny?: bigint },
  ): Promise<void> {
    return this.owner.api.put(`/channels/${channel}/permissions/${target}`, {
      type,
      allow: String(bits.allow ?? 0n),
      deny: String(bits.deny ?? 0n),
    })
  }

  send(
    content: string,
    actor: TestUser = this.owner,
    channel: string = this.textId,
  ): Promise<APIMessage> {
    return actor.api.post(`/channels/${channel}/messages`, { content })
  }

  /**
   * Says something that all of these hear, and waits until they have. A guild's events have one
   * order, so what they should have heard before that has arrived, and what has not will not: this
   * is how a case sees that something did not happen.
   */
  async awaitDelivery(...sockets: Socket[]): Promise<void> {
    const { id } = await this.send('that is all')
    for (const socket of sockets) await socket.nextEvent('MESSAGE_CREATE', (d) => d.id === id)
  }
}

export async function createTestGuild(
  fixture: Fixture,
  { everyone = MEMBER_PERMISSIONS }: GuildOptions = {},
): Promise<TestGuild> {
  const [owner, member] = await Promise.all([fixture.user('ada'), fixture.user('bob')])
  const guild = await owner.api.post<APIGuild>('/guilds', { name: unique('guild') })
  const path = `/guilds/${guild.id}`
  const [text, voice] = await Promise.all([
    owner.api.post<APIChannel>(`${path}/channels`, { name: 'text', type: 0 }),
    owner.api.post<APIChannel>(`${path}/channels`, { name: 'voice', type: 2 }),
    owner.api.patch(`${path}/roles/${guild.id}`, { permissions: String(everyone) }),
    owner.api.put(`${path}/members/${member.id}`, { access_token: member.token }),
  ])
  return new TestGuild(fixture, guild, { owner, member }, { text: text.id, voice: voice.id })
}
