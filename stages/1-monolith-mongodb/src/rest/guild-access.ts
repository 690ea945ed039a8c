import { Permission, refuse } from '@threshold/contract'
import type { GuildView } from '@threshold/domain'
import type { Context } from './context.ts'
import type { Ask } from './route.ts'

/** The guild as the asker may see it; unknown guilds are 404, those one is not in 403. */
export async function viewOf(context: Context, ask: Ask): Promise<GuildView> {
  const view = await context.ports.hub.view(ask.params.guild!, ask.me, ask.deadline)
  if (view) return view
  const access = await context.ports.hub.access(ask.params.guild!, ask.me, undefined, ask.deadline)
  throw access.kind === 'unknown-guild' ? refuse.unknownGuild() : refuse.missingAccess()
}

/** Who may see a guild's settings that are not in every member's view. */
export async function requireGuild(context: Context, ask: Ask, needed: bigint): Promise<void> {
  const access = await context.ports.hub.access(ask.params.guild!, ask.me, undefined, ask.deadline)
  if (access.kind === 'unknown-guild') throw refuse.unknownGuild()
  if (access.kind !== 'member') throw refuse.missingAccess()
  if ((access.permissions & needed) !== needed && (access.permissions & Permission.Administrator) === 0n) throw refuse.missingPermissions()
}
