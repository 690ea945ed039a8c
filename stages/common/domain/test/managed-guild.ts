import { decide, evolve, type GuildCommand, type GuildState } from '../src/index.ts'
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

/** Member 21 may manage channels and roles, 22 the guild, and 23 nothing. */
const given = aGuild({
  everyone: bits('ViewChannel', 'SendMessages'),
  roles: [
    aRole('31', 3, bits('ManageChannels', 'ManageRoles')),
    aRole('32', 2, bits('ManageGuild')),
  ],
  channels: [
    aChannel('41', [memberOverwrite('23', '0', bits('SendMessages'))]),
    aChannel('42', [], { type: 4 }),
    aChannel('43', [], { type: 2, parentId: '42' }),
    aChannel('44', [roleOverwrite(GUILD, '0', bits('ViewChannel'))]),
  ],
  members: [aMember('21', ['31']), aMember('22', ['32']), aMember('23')],
  guild: { systemChannelId: '41' },
})

export const refusal = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  return decision.ok ? 'done' : decision.refusal
}
export const after = (command: GuildCommand, state: GuildState = given): GuildState => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events.reduce(evolve, state)
}
