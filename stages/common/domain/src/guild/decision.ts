import type { Decision, GuildEvent, Refusal } from './commands.ts'

/** Discord's documented limits of one guild. */
export const LIMITS = {
  channels: 500,
  channelsInCategory: 50,
  roles: 250,
  overwrites: 500,
} as const

export const refused = (refusal: Refusal): Decision => ({ ok: false, refusal })
export const accepted = (...events: GuildEvent[]): Decision => ({ ok: true, events })
