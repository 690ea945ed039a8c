import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, hasCode } from '@threshold/kit'
import pLimit from 'p-limit'
import { hasMessages } from '../../cassandra/schema.ts'
import { AT_WORK_MS } from '../intents.ts'
import { settle } from '../mirror.ts'
import type { Movable } from '../movable.ts'
import type { Migration, Phase, Policy } from '../phases.ts'
import { acknowledged, noFollower, settled, wellFollowed } from './followers.ts'
import { insist } from './insist.ts'
import { command, type Look, type Move, needs, outOfOrder, type StepName } from './move.ts'
import { comparedReads } from './reads.ts'

/** Changes the document whatever else was changed meanwhile, such as a hold that was let go. */
async function enter(
  move: Look,
  step: StepName,
  from: Phase,
  phase: Phase,
  more: object = {},
): Promise<Migration> {
  for (;;) {
    const migration = await move.migration()
    if (migration.phase === phase) return migration
    if (migration.phase !== from) throw outOfOrder(step, migration)
    const moved = await move.change(migration, phase, { phase, ...more })
    if (moved) return moved
  }
}

export async function dualWrite(move: Move): Promise<void> {
  const { state, teller, config } = move
  const before = await move.migration()
  if (before.phase !== 'mongo') needs('dual-write', before, 'dual-write')
  // Nobody follows: nobody would write to both, and who writes past the document is not to be seen
  // from here.
  if ((await state.followers()).length === 0) throw noFollower()
  const { cassandra: target } = config
  // What a verification finds on Cassandra alone, it takes for deleted on MongoDB.
  if (before.generation === 0 && (await insist((by) => hasMessages(move.cassandra, target, by)))) {
    throw new CodedError(
      'TARGET_IN_USE',
      `keyspace ${target.keyspace} has messages that are not of this move`,
      {
        next: 'name an empty keyspace in THRESHOLD_CASSANDRA_URI, for the stage and for the migrator',
      },
    )
  }
  const entered = await enter(move, 'dual-write', 'mongo', 'dual-write', policyOf(config.policy))
  // Said again with another policy, it changes that and nothing else.
  const migration =
    config.policy === undefined || config.policy === entered.policy
      ? entered
      : await changePolicy(move, config.policy)
  const followers = await acknowledged(move, migration)
  teller.say(
    `dual-write: ${followers.length} processes write to both stores, policy ${migration.policy}`,
  )
}

const policyOf = (policy: Policy | undefined) => (policy === undefined ? {} : { policy })

async function changePolicy(move: Look, policy: Policy): Promise<Migration> {
  for (;;) {
    const migration = await move.migration()
    if (migration.phase !== 'dual-write') throw outOfOrder('dual-write', migration)
    const changed = await move.change(migration, 'another policy', { policy })
    if (changed) return changed
  }
}

/** What is tried again when a process was slow to follow, or a hold was let go under it. */
const ATTEMPTS = 10
/** Less than a process bears it, so that the hold is still there when the phase is changed. */
const HELD_MS = 1_500

/**
 * Changes who decides. Writes wait meanwhile, some tenths of a second: all processes end what they
 * began, what differs is settled, and then the document is changed, but only if it is still the one
 * that holds them. Were two of them to decide by different stores even for a moment, a retry that
 * meets the other could be a second message.
 */
async function switchTo(
  move: Look,
  from: Phase,
  phase: Phase,
  ends: { from: Movable; to: Movable },
): Promise<number> {
  const { state } = move
  for (let attempt = 1; ; attempt++) {
    const migration = await move.migration()
    if (migration.phase !== from) return 0
    await wellFollowed(move, migration)
    await settled(move)
    const began = Date.now()
    const held = await move.change(migration, 'holding writes', { to: phase })
    if (!held) continue
    try {
      await acknowledged(move, held, HELD_MS)
      await settleAll(move, ends, began + HELD_MS)
      const moved = await move.change(held, phase, { phase, to: undefined })
      if (moved) {
        const heldMs = Date.now() - began
        await acknowledged(move, moved)
        return heldMs
      }
      if (attempt === ATTEMPTS)
        throw new CodedError(
          'HOLD_LOST',
          'processes let writes go before the phase could be changed',
          { next: 'wait some seconds' },
        )
    } catch (error) {
      // Should this fail as well, the processes let go by themselves.
      await state.move(held, { to: undefined }).catch(() => {})
      if (!hasCode(error) || attempt === ATTEMPTS) throw error
    }
    await delay(attempt * 200)
  }
}

/** Each may hold a row of megabytes, from one store to the other. */
const SETTLED_TOGETHER = 40

/**
 * Nobody writes: what is still written down is settled here and now. Where the second store forgets
 * deletes, what is young is left alone, since it may still arrive there: most of it was done and is
 * about to be crossed out, and for the rest the hold is given back, and tried again.
 */
async function settleAll(
  { intents }: Look,
  ends: { from: Movable; to: Movable },
  until: number,
): Promise<void> {
  const deadline = { at: until }
  const together = pLimit(SETTLED_TOGETHER)
  for (;;) {
    const all = await intents.all(500, deadline)
    if (all.length === 0) return
    const ripe = ends.to.remembersDeletes
      ? all
      : all.filter(({ at }) => Date.now() - at.getTime() > AT_WORK_MS)
    await Promise.all(ripe.map(({ intent }) => together(() => settle(ends, intent, deadline))))
    await intents.remove(
      ripe.map(({ noteId }) => noteId),
      deadline,
    )
    if (ripe.length === 0) await delay(25)
  }
}

export async function cutover(move: Move): Promise<void> {
  const { teller, source, target } = move
  const migration = await move.migration()
  if (migration.phase === 'cutover') {
    await acknowledged(move, migration)
    teller.say('cutover: done already')
    return
  }
  needs('cutover', migration, 'dual-write')
  const checkpoints = move.checkpoints(migration.run)
  if (checkpoints.outcome('backfill')?.key !== migration.generation)
    throw outOfOrder('cutover', migration, 'backfill')
  const verified = checkpoints.outcome('verify')
  if (!verified?.clean || verified.key !== migration.entered) {
    throw new CodedError(
      'NOT_VERIFIED',
      'no verification has ended without a difference since the backfill',
    )
  }
  const reads = await comparedReads(move, migration)
  const figure = `${reads.same + reads.differing} pages read from both stores since, ${reads.differing} differed`
  if (reads.differing > 0) throw new CodedError('READS_DIFFER', figure)
  if (reads.same === 0 && reads.failed > 0) {
    throw new CodedError(
      'READS_FAILED',
      `none of ${reads.failed} pages could be read from both stores`,
    )
  }
  const heldMs = await switchTo(move, 'dual-write', 'cutover', { from: source, to: target })
  teller.say(`cutover: Cassandra decides and is read; writes waited for ${heldMs} ms; ${figure}`)
}

export async function rollback(move: Look): Promise<void> {
  const { teller, source } = move
  const migration = await move.migration()
  switch (migration.phase) {
    case 'mongo':
      return teller.say('rollback: done already; messages are on MongoDB alone')
    case 'dual-write': {
      await acknowledged(move, await enter(move, 'rollback', 'dual-write', 'mongo'))
      return teller.say('rollback: messages are written to MongoDB alone')
    }
    case 'cutover': {
      const { target } = await move.open().catch(cannotLeave)
      const heldMs = await switchTo(move, 'cutover', 'dual-write', { from: target, to: source })
      return teller.say(
        `rollback: MongoDB decides and is read; writes waited for ${heldMs} ms; rollback once more ends the dual writes`,
      )
    }
    case 'decommissioned':
      throw new CodedError(
        'NO_WAY_BACK',
        'MongoDB has been decommissioned: it knows nothing of what was written since',
      )
  }
}

/**
 * What was acknowledged last may be on Cassandra alone, where it decides: who left without asking
 * it would lose that.
 */
function cannotLeave(error: unknown): never {
  if (!hasCode(error, 'UNAVAILABLE')) throw error
  throw new CodedError(
    'CASSANDRA_AWAY',
    'Cassandra decides in this phase, and it does not answer',
    {
      next: `bring it back, a quorum of its nodes at least, then ${command('rollback')}`,
    },
  )
}

/** What messages lay in. People, guilds, invites, search and pushes stay where they are. */
const COLLECTIONS = [
  'messages',
  'reactions',
  'nonces',
  'migration_intents',
  'migration_rounds',
] as const

export async function decommission(move: Look): Promise<void> {
  const { teller, mongo } = move
  const before = await move.migration()
  if (before.phase !== 'decommissioned') needs('decommission', before, 'cutover')
  const migration = await enter(move, 'decommission', 'cutover', 'decommissioned')
  await acknowledged(move, migration)
  for (const name of COLLECTIONS) {
    teller.moment?.(`before dropping ${name}`)
    await insist((by) => mongo.run('migration.drop', by, (db) => db.dropCollection(name)))
    teller.moment?.(`after dropping ${name}`)
  }
  // Only now is it over: whoever dies before this does the rest again.
  for (let over = migration; !over.removed; )
    over = (await move.change(over, 'the end', { removed: true })) ?? (await move.migration())
  move.forget(migration.run)
  teller.say(
    'decommission: messages are on Cassandra alone, and what MongoDB had of them is removed; the move is over',
  )
}
