import { type Channel, decide, evolve, type GuildCommand, type GuildState } from '../src/index.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  GUILD,
  memberOverwrite,
  roleOverwrite,
} from './fixtures.ts'

export const V = bits('ViewChannel')
export const MC = bits('ManageChannels')
export const hidden = [roleOverwrite(GUILD, '0', V)]

/**
 * Category 42 is visible; in it 43 is synced and 44 is not. Category 45 is hidden, and so is 46 in
 * it. Category 47 denies 21 MANAGE_CHANNELS. Member 21 manages channels and roles of the guild, 23
 * only channels of 42, and 24 nothing.
 */
export const given = aGuild({
  everyone: bits('ViewChannel', 'SendMessages'),
  roles: [aRole('31', 1, bits('ManageChannels', 'ManageRoles'))],
  channels: [
    aChannel('41'),
    aChannel('42', [memberOverwrite('23', MC)], { type: 4 }),
    aChannel('43', [memberOverwrite('23', MC)], { parentId: '42' }),
    aChannel('44', [roleOverwrite(GUILD, '0', bits('SendMessages'))], { parentId: '42' }),
    aChannel('45', hidden, { type: 4 }),
    aChannel('46', hidden, { parentId: '45' }),
    aChannel('47', [memberOverwrite('21', '0', MC)], { type: 4 }),
  ],
  members: [aMember('21', ['31']), aMember('23'), aMember('24')],
})

export const refusal = (command: GuildCommand, state: GuildState = given): string => {
  const decision = decide(state, command)
  return decision.ok ? 'done' : decision.refusal
}
export const events = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events
}
export const after = (command: GuildCommand, state: GuildState = given): GuildState =>
  events(command, state).reduce(evolve, state)
export const create = (
  by: string,
  parentId: string | null,
  fields: Partial<Channel> = {},
): GuildCommand => ({
  type: 'channel.create',
  by,
  channel: aChannel('49', [], { name: 'new', parentId, ...fields }),
})
export const move = (
  by: string,
  id: string,
  parentId: string | null,
  lockPermissions = false,
): GuildCommand => ({
  type: 'channels.move',
  by,
  moves: [{ id, parentId, lockPermissions }],
})
export const edit = (by: string, channelId: string, parentId: string | null): GuildCommand => ({
  type: 'channel.edit',
  by,
  channelId,
  patch: { parentId },
})
