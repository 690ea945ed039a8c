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

/** Invites of one guild that a list holds; Discord lets a guild have no more. */
const MOST = 1_000

/**
 * Expired invites are removed by a TTL index within a minute or so; until then the time is checked
 * here.
 */
export function mongoInvites(
  mongo: MongoDatabase,
  invites: Collection<InviteDocument>,
  clock: Clock,
): InviteMethods {
  const isOpen = (d: InviteDocument): boolean =>
    (d.expiresAt === undefined || d.expiresAt.getTime() > clock.now()) &&
    (d.maxUses === 0 || d.uses < d.maxUses)

  return {
    async createInvite(invite, deadline) {
      await mongo.run('invites.create', deadline, async () => {
        try {
          await invites.insertOne(inviteTo(invite))
        } catch (error) {
          if (!isDuplicateKey(error)) throw error
          // Made again by a caller that got no answer: it keeps the uses it had. Another invite of
          // this code is not theirs.
          const held = await invites.findOne({ _id: invite.code })
          if (held && text(held.channelId) !== invite.channelId)
            throw unavailable('a free code', error)
        }
      })
    },
    async invite(code, deadline) {
      const found = await mongo.run('invites.get', deadline, () => invites.findOne({ _id: code }))
      return found && isOpen(found) ? inviteFrom(found) : undefined
    },
    async invitesOf(channel, deadline) {
      const found = await mongo.run('invites.of-channel', deadline, () =>
        invites.find({ channelId: long(channel) }).toArray(),
      )
      return found.filter(isOpen).map(inviteFrom)
    },
    async invitesOfGuild(guild, deadline) {
      const found = await mongo.run('invites.of-guild', deadline, () =>
        invites
          .find({ guildId: long(guild) })
          .limit(MOST)
          .toArray(),
      )
      return found.filter(isOpen).map(inviteFrom)
    },
    async removeInvite(code, deadline) {
      await mongo.run('invites.remove', deadline, () => invites.deleteOne({ _id: code }))
    },
    async useInvite(code, deadline) {
      // The conditions and the increment are one operation: of two who ask at once for the last
      // use, one matches nothing.
      const open = [
        { $or: [{ maxUses: 0 }, { $expr: { $lt: ['$uses', '$maxUses'] } }] },
        { $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: new Date(clock.now()) } }] },
      ]
      const { matchedCount } = await mongo.run('invites.use', deadline, () =>
        invites.updateOne({ _id: code, $and: open }, { $inc: { uses: 1 } }),
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

const inviteTo = (invite: Invite): InviteDocument => ({
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

const inviteFrom = (d: InviteDocument): Invite => ({
  v: 1,
  code: d._id,
  guildId: text(d.guildId),
  channelId: text(d.channelId),
  inviterId: text(d.inviterId),
  createdAt: d.createdAt.getTime(),
  maxAge: d.maxAge,
  maxUses: d.maxUses,
  uses: d.uses,
  temporary: d.temporary,
})
