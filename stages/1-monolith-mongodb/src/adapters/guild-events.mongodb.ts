import type { GuildEvent } from '@threshold/domain'
import type { Collection } from 'mongodb'
import { long, upsert } from '../mongodb/database.ts'
import { unavailableIfTaken } from '../mongodb/insert-missing.ts'
import {
  type ChannelDocument,
  type GuildDocument,
  type InviteDocument,
  type MemberDocument,
  toChannelDocument,
  toGuildDocument,
  toMemberDocument,
} from '../mongodb/metadata-documents.ts'

export interface GuildCollections {
  readonly guilds: Collection<GuildDocument>
  readonly channels: Collection<ChannelDocument>
  readonly members: Collection<MemberDocument>
  readonly invites: Collection<InviteDocument>
}

/**
 * Groups events into the batches that are written together: consecutive updates of channels are one
 * batch, and any other event is a batch by itself.
 */
export function toBatches(events: readonly GuildEvent[]): GuildEvent[][] {
  const batches: GuildEvent[][] = []
  for (const event of events) {
    const last = batches.at(-1)
    if (event.type === 'channel.updated' && last?.[0]?.type === event.type) last.push(event)
    else batches.push([event])
  }
  return batches
}

/**
 * Writes a batch of a guild's events. Each is an idempotent write. Channels go in one request: a
 * category with 400 channels would otherwise wait 400 times for the journal.
 */
export async function writeBatch(
  collections: GuildCollections,
  guildId: string,
  batch: readonly GuildEvent[],
): Promise<void> {
  if (batch.length === 1) return writeEvent(collections, guildId, batch[0]!)
  const replacements = batch.flatMap((event) => {
    if (event.type !== 'channel.updated') return []
    const { _id, ...replacement } = toChannelDocument(event.channel)
    const filter = { _id, guildId: long(guildId) }
    return [{ replaceOne: { filter, replacement, upsert: true } }]
  })
  await unavailableIfTaken(collections.channels.bulkWrite(replacements, { ordered: true }))
}

async function writeEvent(
  { guilds, channels, members, invites }: GuildCollections,
  guildId: string,
  event: GuildEvent,
): Promise<void> {
  const _id = long(guildId)
  switch (event.type) {
    case 'guild.updated': {
      const { _id: _, roles, ...fields } = toGuildDocument(event.guild, [])
      await guilds.updateOne({ _id }, { $set: fields })
      return
    }
    case 'guild.deleted':
      // Invites and members come first. If the process dies in between, no user can join half a
      // guild, see it, or get it in READY. Messages stay, unreachable without their channels;
      // production would have them removed in the background.
      await invites.deleteMany({ guildId: _id })
      await members.deleteMany({ guildId: _id })
      await Promise.all([guilds.deleteOne({ _id }), channels.deleteMany({ guildId: _id })])
      return
    case 'channel.created':
    case 'channel.updated':
      // The filter keeps a channel of another guild from being overwritten.
      return unavailableIfTaken(
        upsert(channels, toChannelDocument(event.channel), { guildId: _id }),
      )
    case 'channel.deleted': {
      // Only this guild's channel: an event that reverts a refused `channel.created` may name a
      // channel of another guild. The channel goes last, so that repeating the request after a
      // crash also finds the remaining invites.
      const channelId = long(event.channel.id)
      await invites.deleteMany({ channelId, guildId: _id })
      await channels.deleteOne({ _id: channelId, guildId: _id })
      return
    }
    case 'role.created':
    case 'role.updated':
      await guilds.updateOne({ _id }, { $set: { [`roles.${event.role.id}`]: event.role } })
      return
    case 'role.deleted': {
      const roleId = long(event.roleId)
      await guilds.updateOne({ _id }, { $unset: { [`roles.${event.roleId}`]: '' } })
      await members.updateMany({ guildId: _id, roles: roleId }, { $pull: { roles: roleId } })
      return
    }
    case 'member.added':
    case 'member.updated':
      return upsert(members, toMemberDocument(guildId, event.member))
    case 'member.removed':
      await members.deleteOne({ _id: `${guildId}:${event.user.id}` })
      return
  }
}
