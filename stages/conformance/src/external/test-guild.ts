import { Permission } from '@threshold/contract'
import type { APIChannel, APIGuild, APIMessage, APIRole } from 'discord-api-types/v10'
import type { Fixture } from './fixture.ts'
import type { Socket } from './socket.ts'
import type { TestUser } from './test-user.ts'
import { unique } from './unique.ts'

type RequestBody = Readonly<Record<string, unknown>>

/** The content of the marker message of `awaitDelivery`. */
export const DELIVERY_MARKER = 'marker'

export interface GuildOptions {
  /** Permissions of @everyone; `MEMBER_PERMISSIONS` by default. */
  readonly everyonePermissions?: bigint
}

/**
 * The permissions that @everyone gets in a test guild. Set explicitly, because a stage's defaults
 * may differ.
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

/** A guild made for one case. Ada owns it and Bob is a member. */
export class TestGuild {
  readonly id: string
  readonly name: string
  readonly owner: TestUser
  readonly member: TestUser
  readonly textChannelId: string
  readonly voiceChannelId: string
  readonly #fixture: Fixture

  constructor(
    fixture: Fixture,
    guild: APIGuild,
    users: { owner: TestUser; member: TestUser },
    channels: { textId: string; voiceId: string },
  ) {
    this.#fixture = fixture
    this.id = guild.id
    this.name = guild.name
    this.owner = users.owner
    this.member = users.member
    this.textChannelId = channels.textId
    this.voiceChannelId = channels.voiceId
  }

  async addMember(user: TestUser, fields: RequestBody = {}): Promise<TestUser> {
    await this.owner.api.put(`/guilds/${this.id}/members/${user.id}`, {
      access_token: user.token,
      ...fields,
    })
    return user
  }

  /** Creates a user through the workshop API and adds them to the guild. */
  async newMember(name: string): Promise<TestUser> {
    return this.addMember(await this.#fixture.user(name))
  }

  /** Creates a text channel, unless `fields` says otherwise. */
  createChannel(fields: RequestBody = {}): Promise<APIChannel & { id: string; name: string }> {
    return this.owner.api.post(`/guilds/${this.id}/channels`, { name: 'second', ...fields })
  }

  /** Creates a channel that @everyone cannot view, unless `fields` has other overwrites. */
  createHiddenChannel(
    fields: RequestBody = {},
  ): Promise<APIChannel & { id: string; name: string }> {
    return this.createChannel({
      name: 'hidden',
      permission_overwrites: [{ id: this.id, type: 0, deny: String(Permission.ViewChannel) }],
      ...fields,
    })
  }

  createRole(permissions: bigint, fields: RequestBody = {}): Promise<APIRole> {
    return this.owner.api.post(`/guilds/${this.id}/roles`, {
      name: 'role',
      permissions: String(permissions),
      ...fields,
    })
  }

  giveRole(user: TestUser, roleId: string): Promise<void> {
    return this.owner.api.put(`/guilds/${this.id}/members/${user.id}/roles/${roleId}`)
  }

  /** Gives a member a new role with these permissions. */
  async grantPermissions(user: TestUser, permissions: bigint): Promise<APIRole> {
    const role = await this.createRole(permissions)
    await this.giveRole(user, role.id)
    return role
  }

  setOverwrite(
    channelId: string,
    targetId: string,
    type: 0 | 1,
    bits: { allow?: bigint; deny?: bigint },
  ): Promise<void> {
    return this.owner.api.put(`/channels/${channelId}/permissions/${targetId}`, {
      type,
      allow: String(bits.allow ?? 0n),
      deny: String(bits.deny ?? 0n),
    })
  }

  send(
    content: string,
    author: TestUser = this.owner,
    channelId: string = this.textChannelId,
  ): Promise<APIMessage> {
    return author.api.post(`/channels/${channelId}/messages`, { content })
  }

  /**
   * Sends a marker message and waits until each socket has received it. A guild's events have one
   * order, so every earlier event has arrived by then, and an event that has not arrived never
   * will. A case uses this to check that something did not happen. The sockets must receive
   * messages of the text channel.
   */
  async awaitDelivery(...sockets: Socket[]): Promise<void> {
    const { id } = await this.send(DELIVERY_MARKER)
    for (const socket of sockets) await socket.nextEvent('MESSAGE_CREATE', (d) => d.id === id)
  }
}

export async function createTestGuild(
  fixture: Fixture,
  { everyonePermissions: everyone = MEMBER_PERMISSIONS }: GuildOptions = {},
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
  const channels = { textId: text.id, voiceId: voice.id }
  return new TestGuild(fixture, guild, { owner, member }, channels)
}
