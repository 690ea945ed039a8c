import {
  type ChannelId,
  compareIds,
  firstIdAt,
  type GuildId,
  Permission,
  type Snowflake,
  snowflakeGenerator,
  type UserId,
} from '@threshold/contract'
import type {
  Channel,
  GuildState,
  Invite,
  Member,
  Overwrite,
  Role,
  StoredMessage,
  User,
} from '@threshold/domain'
import { type Deadline, deadlineAfter, hybridClock } from '@threshold/kit'

/*
 * Builders for test data. Each value has a new id, because the tests of a suite share one store and
 * must not see each other's data.
 */

export const newId: () => Snowflake = snowflakeGenerator({ worker: 1_023, now: Date.now })

/** Long enough for a healthy engine on a busy machine. */
export const testDeadline = (): Deadline => deadlineAfter(20_000)

const clock = hybridClock({ now: Date.now })
/** A write time in microseconds, larger than all before, as from the hybrid clock of a stage. */
export const writeTime = (): bigint => clock.next()

let idsMade = 0n
/** An id whose time is `ms`. The counter in its lower 22 bits makes it unique. */
const idAt = (ms: number): Snowflake => {
  idsMade += 1n
  return (BigInt(firstIdAt(ms)) + (idsMade & 0x3f_ffffn)).toString()
}

export const newestFirst = (a: { id: Snowflake }, b: { id: Snowflake }): number =>
  compareIds(b.id, a.id)

export const aMessage = (
  channelId: ChannelId,
  fields: Partial<StoredMessage> = {},
): StoredMessage => ({
  v: 1,
  id: newId(),
  channelId,
  authorId: '80351110224678912',
  content: 'hello',
  writeTimeMicros: writeTime(),
  type: 0,
  ...fields,
})

/** One message for each age in milliseconds. Its id and its write time are that old. */
export const messagesAged = (channelId: ChannelId, ages: readonly number[]): StoredMessage[] => {
  const now = Date.now()
  return ages.map((age) =>
    aMessage(channelId, { id: idAt(now - age), writeTimeMicros: BigInt(now - age) * 1_000n }),
  )
}

export const aUser = (fields: Partial<User> = {}): User => ({
  v: 1,
  id: newId(),
  username: 'ada',
  bot: false,
  ...fields,
})

export const aMember = (user: User = aUser(), fields: Partial<Member> = {}): Member => ({
  user,
  nick: null,
  roles: [],
  joinedAt: 1_700_000_000_000,
  mute: false,
  deaf: false,
  ...fields,
})

export const aRole = (fields: Partial<Role> = {}): Role => ({
  id: newId(),
  name: 'role',
  color: 0,
  hoist: false,
  position: 1,
  permissions: '0',
  mentionable: false,
  ...fields,
})

export const aChannel = (guildId: GuildId, fields: Partial<Channel> = {}): Channel => ({
  v: 1,
  id: newId(),
  type: 0,
  guildId,
  name: 'channel',
  topic: null,
  position: 0,
  parentId: null,
  nsfw: false,
  rateLimitPerUser: 0,
  overwrites: [],
  ...fields,
})

export const aDirectChannel = (...recipients: [UserId, UserId]): Channel => ({
  v: 1,
  id: newId(),
  type: 1,
  name: '',
  topic: null,
  position: 0,
  parentId: null,
  nsfw: false,
  rateLimitPerUser: 0,
  overwrites: [],
  recipients: recipients.toSorted(compareIds),
})

export const anInvite = (fields: Partial<Invite> = {}): Invite => ({
  v: 1,
  code: `code-${newId()}`,
  guildId: newId(),
  channelId: newId(),
  inviterId: newId(),
  createdAt: Date.now(),
  maxAge: 0,
  maxUses: 0,
  uses: 0,
  temporary: false,
  ...fields,
})

/** An overwrite that hides a channel from a role (type 0) or a member (type 1). */
export const denyView = (target: Snowflake, type: 0 | 1): Overwrite => ({
  id: target,
  type,
  allow: '0',
  deny: String(Permission.ViewChannel),
})
/** An overwrite that shows a channel to a role (type 0) or a member (type 1). */
export const allowView = (target: Snowflake, type: 0 | 1): Overwrite => ({
  id: target,
  type,
  allow: String(Permission.ViewChannel),
  deny: '0',
})

export interface GuildFixture {
  readonly state: GuildState
  readonly id: GuildId
  readonly owner: Member
  readonly others: readonly Member[]
  /** A text channel. All members may view both channels. */
  readonly text: Channel
  readonly voice: Channel
}

/** A guild with an owner and `otherCount` members, who may view, send, speak and invite. */
export function aGuild(otherCount = 2): GuildFixture {
  const id = newId()
  const owner = aMember(aUser({ username: 'owner' }))
  const others = Array.from({ length: otherCount }, (_, i) =>
    aMember(aUser({ username: `member${i}` })),
  )
  const text = aChannel(id, { name: 'text' })
  const voice = aChannel(id, { name: 'voice', type: 2, bitrate: 64_000, userLimit: 0 })
  const permissions =
    Permission.ViewChannel |
    Permission.SendMessages |
    Permission.Connect |
    Permission.Speak |
    Permission.CreateInstantInvite
  const everyone = aRole({ id, name: '@everyone', position: 0, permissions: String(permissions) })
  const state: GuildState = {
    guild: {
      v: 1,
      id,
      name: 'guild',
      ownerId: owner.user.id,
      description: null,
      systemChannelId: text.id,
      afkChannelId: null,
      afkTimeout: 300,
      verificationLevel: 0,
      defaultMessageNotifications: 0,
      explicitContentFilter: 0,
      preferredLocale: 'en-US',
    },
    roles: new Map([[id, everyone]]),
    channels: new Map([text, voice].map((c) => [c.id, c])),
    members: new Map([owner, ...others].map((m) => [m.user.id, m])),
  }
  return { state, id, owner, others, text, voice }
}
