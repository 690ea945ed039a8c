import { decide, evolve, type GuildCommand, type GuildState } from '../src/index.ts'
import { aGuild, aMember, aRole, bits } from './fixtures.ts'

/**
 * The hierarchy: owner 20, moderator 21 (role 31), helper 22 (role 32), and member 23 (role 33,
 * which has no permissions).
 */
export const given = aGuild({
  everyone: bits('ViewChannel', 'ChangeNickname', 'CreateInstantInvite'),
  roles: [
    aRole('30', 9, bits('Administrator')),
    aRole(
      '31',
      5,
      bits('ManageRoles', 'KickMembers', 'ManageNicknames', 'MuteMembers', 'SendMessages'),
    ),
    aRole('32', 3, bits('ManageRoles')),
    aRole('33', 2),
  ],
  members: [aMember('21', ['31']), aMember('22', ['32']), aMember('23', ['33'])],
})

export const refusal = (command: GuildCommand, state: GuildState = given) => {
  const decision = decide(state, command)
  return decision.ok ? (decision.events.length === 0 ? 'nothing' : 'done') : decision.refusal
}
export const after = (command: GuildCommand, state: GuildState = given): GuildState => {
  const decision = decide(state, command)
  if (!decision.ok) throw new Error(`refused: ${decision.refusal}`)
  return decision.events.reduce(evolve, state)
}
