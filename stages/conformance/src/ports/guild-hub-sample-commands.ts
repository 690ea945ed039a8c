import type { GuildCommand } from '@threshold/domain'
import { hasCode } from '@threshold/kit'
import { expect } from 'vitest'
import { aChannel, aRole, aUser, type GuildFixture } from './fixtures.ts'

/** One command of each kind that writes. */
export const COMMANDS: Record<string, (guild: GuildFixture) => GuildCommand> = {
  'guild.edit': ({ owner }) => ({
    type: 'guild.edit',
    by: owner.user.id,
    patch: { name: 'renamed' },
  }),
  'guild.delete': ({ owner }) => ({ type: 'guild.delete', by: owner.user.id }),
  'channel.create': ({ owner, id }) => ({
    type: 'channel.create',
    by: owner.user.id,
    channel: aChannel(id),
  }),
  'channel.edit': ({ owner, text }) => ({
    type: 'channel.edit',
    by: owner.user.id,
    channelId: text.id,
    patch: { topic: 'new' },
  }),
  // Deleting the system channel writes two events: one of the guild, and one of the channel.
  'channel.delete': ({ owner, text }) => ({
    type: 'channel.delete',
    by: owner.user.id,
    channelId: text.id,
  }),
  'role.create': ({ owner }) => ({ type: 'role.create', by: owner.user.id, role: aRole() }),
  'role.edit': ({ owner, id }) => ({
    type: 'role.edit',
    by: owner.user.id,
    roleId: id,
    patch: { permissions: '8' },
  }),
  'member.add': ({ owner }) => ({
    type: 'member.add',
    by: owner.user.id,
    user: aUser(),
    nick: null,
    roles: [],
    joinedAt: 0,
    invited: true,
  }),
  'member.edit': ({ owner, others }) => ({
    type: 'member.edit',
    by: owner.user.id,
    userId: others[0]!.user.id,
    patch: { nick: 'nick' },
  }),
  'member.remove': ({ owner, others }) => ({
    type: 'member.remove',
    by: owner.user.id,
    userId: others[0]!.user.id,
  }),
}

/** A command that every state allows. */
export const createRole = ({ owner }: GuildFixture): GuildCommand => ({
  type: 'role.create',
  by: owner.user.id,
  role: aRole(),
})

/** Matches a coded error with one of the codes. */
export const errorWith = (...codes: string[]) =>
  expect.toSatisfy((error) => hasCode(error, ...codes), `an error of ${codes.join(' or ')}`)
