import { randomUUID } from 'node:crypto'
import type { Engine, StageProcess } from '@threshold/engines'
import { CodedError, hasCode } from '@threshold/kit'
import type { FaultAction, FaultTarget } from '../faults.ts'
import type { FixtureGuild } from '../load/plan.ts'
import { retryWhileBusy } from './busy-retry.ts'
import { createMember, joinGuild } from './provisioning.ts'
import { createApi } from './stage-api.ts'
import type { System } from './system.ts'

/**
 * Prepares the fault before the load begins, and returns a function that injects it. That does not
 * wait for an effect on the stage; the load measures it.
 */
export async function prepareFault(
  action: FaultAction,
  system: System,
  guilds: readonly FixtureGuild[],
): Promise<() => Promise<void>> {
  if (action.kind === 'mention') return await prepareMention(action.displayName, system, guilds)
  const { kind } = action
  const target = targetOf(action.target, system)
  return () => target[kind]()
}

function targetOf(
  target: FaultTarget,
  system: System,
): Record<'kill' | 'pause' | 'resume' | 'restart', () => Promise<void>> {
  return target === 'stage' ? system.stage : requireOwnTarget(target, system)
}

/**
 * Returns the target of a fault. It is checked before the load begins.
 *
 * @throws CodedError `ENGINE_NOT_OURS` if the lab did not start the engine
 */
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
    'this lab injects a fault into its engine, and it did not start that engine itself',
    { next: `unset THRESHOLD_${which}_URI` },
  )
}

/** How long a busy stage is asked to create the user, before the load. */
const PREPARE_WITHIN_MS = 60_000
/** The fault must take effect while the load runs, so that the load measures it. */
const MENTION_WITHIN_MS = 3_000

/**
 * A new user joins the first guild, and later mentions a member, through the same API as every
 * client. A busy stage is asked again: the fault is the mention, and not the overload.
 */
async function prepareMention(
  displayName: string,
  { stage }: System,
  guilds: readonly FixtureGuild[],
): Promise<() => Promise<void>> {
  const [guild] = guilds
  const [owner, ...others] = guild?.members ?? []
  const mentioned = others[0] ?? owner
  if (guild === undefined || owner === undefined || mentioned === undefined)
    throw new CodedError('EMPTY_WORLD', 'the load has no guild with a member to mention')
  await using preparing = createApi(stage.url)
  const provisioner = {
    api: preparing,
    retry: retryWhileBusy({ withinMs: PREPARE_WITHIN_MS }),
  }
  const author = await createMember(provisioner, displayName)
  await joinGuild(provisioner, guild.id, owner, author)
  const path = `/api/v10/channels/${guild.channels[0]}/messages`
  const message = {
    content: `<@${mentioned.id}> hello`,
    // The stage stores a repeated message once.
    nonce: randomUUID().slice(0, 25),
    enforce_nonce: true,
  }
  return async () => {
    await using api = createApi(stage.url)
    const retry = retryWhileBusy({ withinMs: MENTION_WITHIN_MS })
    await retry('accept a message with a mention', async () => {
      try {
        await api.call('POST', path, author.token, message)
      } catch (error) {
        // The stage accepted the user before, so the mention may have ended it.
        if (!hasCode(error, 'STAGE_UNREACHABLE')) throw error
      }
    })
  }
}
