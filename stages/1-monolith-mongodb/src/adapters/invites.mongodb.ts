import type { Invite } from '@threshold/domain'
import { type Clock, unavailable } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'
import type { Collection } from 'mongodb'
import { isDuplicateKey, long, type MongoDatabase, text } from '../mongodb/database.ts'
import type { InviteDocument } from '../mongodb/metadata-documents.ts'

type InviteMethods = Pick<
  MetadataStore,
  | 'createInvite'
  | 'invite'
  | 'invitesOf'
  | 'invitesOfGuild'
  | 'removeInvite'
  | 'useInvite'
  | 'giveBackInvite'
>

/** Discord lets a guild have no more invites than this. */
const MAX_INVITES = 1_000

/**
 * A TTL index removes expired invites within about a minute. Until then the time is checked here.
 */
export function mongoInvites(
  mongo: MongoDatabase,
  invites: Collection<InviteDocument>,
  clock: Clock,
): InviteMethods {
  const isValid = ({ expiresAt, maxUses, uses }: InviteDocument): boolean =>
    (expiresAt === undefined || expiresAt.getTime() > clock.now()) &&
    (maxUses === 0 || uses < maxUses)

  return {
    async createInvite(invite, deadline) {
      await mongo.run('invites.create', deadline, async () => {
        try {
          await invites.insertOne(toInviteDocument(invite))
        } catch (error) {
          if (!isDuplicateKey(error)) throw error
          // A caller that got no answer repeats the call: the invite keeps the uses it has had. An
          // invite for another channel has the same code by chance.
          const existing = await invites.findOne({ _id: invite.code })
          if (existing && text(existing.channelId) !== invite.channelId)
            throw unavailable('a free code', error)
        }
      })
    },

    async invite(code, deadline) {
      const found = await mongo.run('invites.get', deadline, () => invites.findOne({ _id: code }))
      return found && isValid(found) ? fromInviteDocument(found) : undefined
    },

    async invitesOf(channel, deadline) {
      const found = await mongo.run('invites.of-channel', deadline, () =>
        invites.find({ channelId: long(channel) }).toArray(),
      )
      return found.filter(isValid).map(fromInviteDocument)
    },

    async invitesOfGuild(guild, deadline) {
      const found = await mongo.run('invites.of-guild', deadline, () =>
        invites
          .find({ guildId: long(guild) })
          .limit(MAX_INVITES)
          .toArray(),
      )
      return found.filter(isValid).map(fromInviteDocument)
    },

    async removeInvite(code, deadline) {
      await mongo.run('invites.remove', deadline, () => invites.deleteOne({ _id: code }))
    },

    async useInvite(code, deadline) {
      // Condition and increment are one atomic operation. If two requests compete for the last use,
      // the filter of the second one matches nothing.
      const valid = [
        { $or: [{ maxUses: 0 }, { $expr: { $lt: ['$uses', '$maxUses'] } }] },
        { $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: new Date(clock.now()) } }] },
      ]
      const { matchedCount } = await mongo.run('invites.use', deadline, () =>
        invites.updateOne({ _id: code, $and: valid }, { $inc: { uses: 1 } }),
      )
      return Number(matchedCount) > 0
    },

    async giveBackInvite(code, deadline) {
      await mongo.run('invites.give-back', deadline, () =>
        invites.updateOne({ _id: code, uses: { $gt: 0 } }, { $inc: { uses: -1 } }),
      )
    },
  }
}

const toInviteDocument = (invite: Invite): InviteDocument => ({
  _id: invite.code,
  v: 1,
  guildId: long(invite.guildId),
  channelId: long(invite.channelId),
  inviterId: long(invite.inviterId),
  createdAt: new Date(invite.createdAt),
  maxAge: invite.maxAge,
  maxUses: invite.maxUses,
  temporary: invite.temporary,
  uses: invite.uses,
  ...(invite.maxAge === 0 ? {} : { expiresAt: new Date(invite.createdAt + invite.maxAge * 1_000) }),
})

const fromInviteDocument = (document: InviteDocument): Invite => ({
  v: 1,
  code: document._id,
  guildId: text(document.guildId),
  channelId: text(document.channelId),
  inviterId: text(document.inviterId),
  createdAt: document.createdAt.getTime(),
  maxAge: document.maxAge,
  maxUses: document.maxUses,
  uses: document.uses,
  temporary: document.temporary,
})
