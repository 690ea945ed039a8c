import type { GuildEvent } from '@threshold/domain'
import { type Clock, type CodedError, systemClock, unavailable } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'
import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text, upsert } from '../mongodb/database.ts'
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
import { mongoInvites } from './invites.mongodb.ts'

/**
 * A guild's roles live in the guild's document and change with it in one atomic write; channels and
 * members are collections of their own, since both are also asked for by their own id. A member
 * carries a copy of who they are, so that a guild of ten thousand wakes up by three reads and not
 * by ten thousand look-ups; nobody is renamed here, or the copies would follow.
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

  /**
   * Several channels in one request, in their order: one by one a category with 400 channels would
   * wait 400 times for the journal.
   */
  async function keepBatch(guildId: string, batch: readonly GuildEvent[]): Promise<void> {
    if (batch.length === 1) return keep(guildId, batch[0]!)
    const updates = batch.flatMap((event) =>
      event.type === 'channel.updated' ? [toChannelDocument(event.channel)] : [],
    )
    const replacements = updates.map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id, guildId: long(guildId) }, replacement, upsert: true },
    }))
    await whereFree(channels.bulkWrite(replacements, { ordered: true }))
  }

  async function keep(guildId: string, event: GuildEvent): Promise<void> {
    const _id = long(guildId)
    switch (event.type) {
      case 'guild.updated': {
        const { _id: _, roles, ...fields } = toGuildDocument(event.guild, [])
        await guilds.updateOne({ _id }, { $set: fields })
        return
      }
      case 'guild.deleted':
        // Invites first, members next: if the process dies in between, nobody can join half a
        // guild, see it, or be promised it at READY. Messages stay behind, unreachable without
        // their channel. Production would hand them to a sweeper.
        await invites.deleteMany({ guildId: _id })
        await members.deleteMany({ guildId: _id })
        await Promise.all([guilds.deleteOne({ _id }), channels.deleteMany({ guildId: _id })])
        return
      case 'channel.created':
      case 'channel.updated':
        // Never over a channel of another guild.
        return whereFree(upsert(channels, toChannelDocument(event.channel), { guildId: _id }))
      case 'channel.deleted': {
        // Only this guild's: an event that takes back a refused `channel.created` names a channel
        // of another guild. The channel goes last, so that repeating the request after a crash also
        // finds the remaining invites.
        const channelId = long(event.channel.id)
        await invites.deleteMany({ channelId, guildId: _id })
        await channels.deleteOne({ _id: channelId, guildId: _id })
        return
      }
      case 'role.created':
      case 'role.updated':
        await guilds.updateOne({ _id }, { $set: { [`roles.${event.role.id}`]: event.role } })
        return
      case 'role.deleted':
        await guilds.updateOne({ _id }, { $unset: { [`roles.${event.roleId}`]: '' } })
        await members.updateMany(
          { guildId: _id, roles: long(event.roleId) },
          { $pull: { roles: long(event.roleId) } },
        )
        return
      case 'member.added':
      case 'member.updated':
        return upsert(members, toMemberDocument(guildId, event.member))
      case 'member.removed':
        await members.deleteOne({ _id: `${guildId}:${event.user.id}` })
        return
    }
  }

  return {
    async createUser(user, deadline) {
      await mongo.run('users.create', deadline, () =>
        addMissing(users, [toUserDocument(user)], ['username']),
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
      await mongo.run('guilds.create', deadline, async () => {
        // The guild first: where its id is another guild's, no channel is added to that one.
        // Members last: if the process dies in between, nobody is in the guild. A member without
        // their guild would be promised it at every READY.
        await addMissing(
          guilds,
          [toGuildDocument(state.guild, [...state.roles.values()])],
          ['ownerId'],
        )
        await addMissing(channels, [...state.channels.values()].map(toChannelDocument), ['guildId'])
        await addMissing(
          members,
          [...state.members.values()].map((member) => toMemberDocument(state.guild.id, member)),
        )
      })
    },

    async loadGuild(id, deadline) {
      const guildId = long(id)
      const [found, itsChannels, itsMembers] = await Promise.all([
        mongo.run('guilds.get', deadline, () => guilds.findOne({ _id: guildId })),
        mongo.run('channels.of-guild', deadline, () => channels.find({ guildId }).toArray()),
        mongo.run('members.of-guild', deadline, () => members.find({ guildId }).toArray()),
      ])
      if (!found) return undefined
      const { guild, roles } = fromGuildDocument(found)
      return {
        guild,
        roles: new Map(roles.map((r) => [r.id, r])),
        channels: new Map(itsChannels.map(fromChannelDocument).map((c) => [c.id, c])),
        members: new Map(itsMembers.map(fromMemberDocument).map((m) => [m.user.id, m])),
      }
    },

    async record(guild, events, deadline) {
      for (const batch of batches(events))
        await mongo.run(`guilds.${batch[0]!.type}`, deadline, () => keepBatch(guild, batch))
    },

    async channel(id, deadline) {
      const found = await mongo.run('channels.get', deadline, () =>
        channels.findOne({ _id: long(id) }),
      )
      return found ? fromChannelDocument(found) : undefined
    },

    async guildsOf(user, deadline) {
      const found = await mongo.run('guilds.of-user', deadline, () =>
        members.find({ userId: long(user) }, { projection: { guildId: 1 } }).toArray(),
      )
      return found.map((m) => text(m.guildId))
    },

    async guildsWithTemporaryMembers(deadline) {
      const found = await mongo.run('guilds.with-temporary-members', deadline, () =>
        members.find({ temporary: true }, { projection: { guildId: 1 } }).toArray(),
      )
      return [...new Set(found.map((m) => text(m.guildId)))]
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

/**
 * Documents that are there already stay as they are: a caller that got no answer may ask again, and
 * no later change is undone. `mine` names fields that never change and tell such a document from
 * another one that was given the same id. In batches, since a guild of ten thousand would be ten
 * thousand waits for the journal.
 */
async function addMissing<T extends { _id: unknown }>(
  into: Collection<T>,
  documents: readonly T[],
  mine: readonly (keyof T)[] = [],
): Promise<void> {
  if (documents.length === 0) return
  try {
    await into.insertMany(documents as OptionalUnlessRequiredId<T>[], { ordered: false })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    if (mine.length === 0) return
    const there = await into
      .find({ _id: { $in: documents.map(({ _id }) => _id) } } as unknown as Filter<T>)
      .toArray()
    const byId = new Map(
      there.map((document): [unknown, T] => [document._id, document as unknown as T]),
    )
    for (const document of documents) {
      const found = byId.get(document._id)
      if (found && mine.some((field) => found[field] !== document[field])) throw idTaken(error)
    }
  }
}

/** The caller asks again under a new id. */
const idTaken = (cause: unknown): CodedError => unavailable('a free id', cause)

async function whereFree(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw isDuplicateKey(error) ? idTaken(error) : error
  }
}

/** Updates of channels that follow one another are one batch; any other event is one by itself. */
function batches(events: readonly GuildEvent[]): GuildEvent[][] {
  const all: GuildEvent[][] = []
  for (const event of events) {
    const last = all.at(-1)
    if (event.type === 'channel.updated' && last?.[0]?.type === event.type) last.push(event)
    else all.push([event])
  }
  return all
}
