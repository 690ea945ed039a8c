import type { Engine, StageProcess } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { FaultAction, FaultTarget } from '../faults.ts'
import type { FixtureGuild } from '../load/plan.ts'
import { createMember, joinGuild } from './fixture.ts'
import { createApi } from './stage-api.ts'
import type { System } from './system.ts'

/**
 * Does to the system what a fault says. Only killing waits for an effect; what comes of it is for
 * the load to find out.
 */
export async function injectFault(
  action: FaultAction,
  system: System,
  guilds: readonly FixtureGuild[],
): Promise<void> {
  if (action.kind === 'mention') return await mentionMember(action.displayName, system, guilds)
  await targetOf(action.target, system)[action.kind]()
}

function targetOf(
  target: FaultTarget,
  system: System,
): Record<'kill' | 'pause' | 'resume' | 'restart', () => Promise<void>> {
  return target === 'stage' ? system.stage : requireOwnTarget(target, system)
}

/** An engine that is somebody else's is not for a lab to kill. Asked before the load begins. */
export function requireOwnTarget(
  target: FaultTarget,
  { stage, mongo, cassandra }: System,
): StageProcess | Engine {
  if (target === 'stage') return stage
  const engine = target === 'engine' ? mongo.engine : cassandra?.engine
  if (engine !== undefined) return engine
  const which = target === 'engine' ? 'MONGODB' : 'CASSANDRA'
  throw new CodedError(
    'ENGINE_NOT_OURS',
    'this lab does something to its engine, and the engine is not ours to do it to',
    {
      next: `unset THRESHOLD_${which}_URI`,
    },
  )
}

/**
 * An ordinary input by ordinary means: somebody new, in a guild that others are in, writes a
 * message that names a member.
 */
async function mentionMember(
  displayName: string,
  { stage }: System,
  guilds: readonly FixtureGuild[],
): Promise<void> {
  const [guild] = guilds
  const [owner, ...others] = guild?.members ?? []
  const named = others[0] ?? owner
  if (guild === undefined || owner === undefined || named === undefined)
    throw new CodedError('EMPTY_WORLD', 'nobody is there to be mentioned')
  await using api = createApi(stage.url)
  const author = await createMember(api, displayName)
  await joinGuild(api, guild.id, owner, author)
  await api.call('POST', `/api/v10/channels/${guild.channels[0]}/messages`, author.token, {
    content: `<@${named.id}> hello`,
  })
}
