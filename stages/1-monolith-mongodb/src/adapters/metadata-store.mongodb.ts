import { type Clock, systemClock } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'
import { isDuplicateKey, long, type MongoDatabase, text } from '../mongodb/database.ts'
import { idTaken, insertMissing } from '../mongodb/insert-missing.ts'
import {
  type ChannelDocument,
  fromChannelDocument,
  fromGuildDocument,
  fromMemberDocument,
  fromUserDocument,
  type GuildDocument,
  type InviteDocument,
  type MemberDocument,
  toChannelDocument,
  toGuildDocument,
  toMemberDocument,
  toUserDocument,
  type UserDocument,
} from '../mongodb/metadata-documents.ts'
import { toBatches, writeBatch } from './guild-events.mongodb.ts'
import { mongoInvites } from './invites.mongodb.ts'

/**
 * Users, guilds, channels, members and invites, each in a collection.
 *
 * A guild's roles are in the guild's document, so that they change with it in one atomic write.
 * Channels and members are collections of their own, because they are also read by their own ids. A
 * member's document has a copy of the user, so a guild of ten thousand members loads in three reads
 * and not in ten thousand. Users are never renamed here; otherwise the copies would have to follow.
 */
export async function mongoMetadataStore(
  mongo: MongoDatabase,
  clock: Clock = systemClock,
): Promise<MetadataStore> {
  const users = mongo.db.collection<UserDocument>('users')
  const guilds = mongo.db.collection<GuildDocument>('guilds')
  const channels = mongo.db.collection<ChannelDocument>('channels')
  const members = mongo.db.collection<MemberDocument>('members')
  const invites = mongo.db.collection<InviteDocument>('invites')
  await channels.createIndex({ guildId: 1 }, { sparse: true })
  await channels.createIndex({ recipients: 1 }, { sparse: true })
  await channels.createIndex({ pair: 1 }, { unique: true, sparse: true })
  await members.createIndex({ guildId: 1 })
  await members.createIndex({ userId: 1 })
  await members.createIndex({ temporary: 1 }, { sparse: true })
  await invites.createIndex({ channelId: 1 })
  await invites.createIndex({ guildId: 1 })
  await invites.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 })

  return {
    async createUser(user, deadline) {
      await mongo.run('users.create', deadline, () =>
        insertMissing(users, [toUserDocument(user)], ['username']),
      )
    },

    async users(ids, deadline) {
      if (ids.length === 0) return []
      const found = await mongo.run('users.get', deadline, () =>
        users.find({ _id: { $in: ids.map(long) } }).toArray(),
      )
      return found.map(fromUserDocument)
    },

    async createGuild(state, deadline) {
      const { id } = state.guild
      const guild = toGuildDocument(state.guild, [...state.roles.values()])
      const channelDocuments = [...state.channels.values()].map(toChannelDocument)
      const memberDocuments = [...state.members.values()].map((m) => toMemberDocument(id, m))
      await mongo.run('guilds.create', deadline, async () => {
        // The guild first: if its id is taken, the call rejects before it adds channels to the
        // other guild. The members last: if the process dies in between, no user is in the guild. A
        // member without a guild would get it in every READY.
        await insertMissing(guilds, [guild], ['ownerId'])
        await insertMissing(channels, channelDocuments, ['guildId'])
        await insertMissing(members, memberDocuments)
      })
    },

    async loadGuild(id, deadline) {
      const guildId = long(id)
      const [guildDocument, channelDocuments, memberDocuments] = await Promise.all([
        mongo.run('guilds.get', deadline, () => guilds.findOne({ _id: guildId })),
        mongo.run('channels.of-guild', deadline, () => channels.find({ guildId }).toArray()),
        mongo.run('members.of-guild', deadline, () => members.find({ guildId }).toArray()),
      ])
      if (!guildDocument) return undefined
      const { guild, roles } = fromGuildDocument(guildDocument)
      return {
        guild,
        roles: new Map(roles.map((role) => [role.id, role])),
        channels: new Map(channelDocuments.map(fromChannelDocument).map((c) => [c.id, c])),
        members: new Map(memberDocuments.map(fromMemberDocument).map((m) => [m.user.id, m])),
      }
    },

    async record(guild, events, deadline) {
      for (const batch of toBatches(events))
        await mongo.run(`guilds.${batch[0]!.type}`, deadline, () =>
          writeBatch({ guilds, channels, members, invites }, guild, batch),
        )
    },

    async channel(id, deadline) {
      const found = await mongo.run('channels.get', deadline, () =>
        channels.findOne({ _id: long(id) }),
      )
      return found ? fromChannelDocument(found) : undefined
    },

    async guildChannels({ after, limit }, deadline) {
      const found = await mongo.run('channels.of-guilds', deadline, () =>
        channels
          .find({ guildId: { $exists: true }, ...(after ? { _id: { $gt: long(after) } } : {}) })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(fromChannelDocument)
    },

    async guildsOf(user, deadline) {
      const found = await mongo.run('guilds.of-user', deadline, () =>
        members.find({ userId: long(user) }, { projection: { guildId: 1 } }).toArray(),
      )
      return found.map(({ guildId }) => text(guildId))
    },

    async guildsWithTemporaryMembers(deadline) {
      const found = await mongo.run('guilds.with-temporary-members', deadline, () =>
        members.find({ temporary: true }, { projection: { guildId: 1 } }).toArray(),
      )
      return [...new Set(found.map(({ guildId }) => text(guildId)))]
    },

    async openDm(candidate, deadline) {
      const pair = candidate.recipients!.join(':')
      const document = { ...toChannelDocument(candidate), pair }
      return mongo.run('channels.open-dm', deadline, async () => {
        const existing = await channels.findOne({ pair })
        if (existing) return fromChannelDocument(existing)
        try {
          await channels.insertOne(document)
          return candidate
        } catch (error) {
          // Another request opened it since the read, or another channel has the candidate's id.
          if (!isDuplicateKey(error)) throw error
          const other = await channels.findOne({ pair })
          if (!other) throw idTaken(error)
          return fromChannelDocument(other)
        }
      })
    },

    async dmsOf(user, deadline) {
      const found = await mongo.run('channels.dms-of-user', deadline, () =>
        channels.find({ recipients: long(user) }).toArray(),
      )
      return found.map(fromChannelDocument)
    },

    ping: mongo.probe,

    ...mongoInvites(mongo, invites, clock),
    [Symbol.asyncDispose]: async () => {},
  }
}
