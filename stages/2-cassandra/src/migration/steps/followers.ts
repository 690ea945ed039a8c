import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit'
import type { Follower, Migration } from '../phases.ts'
import type { Look } from './move.ts'
import { REFUSED_NEXT, START_STAGE } from './next.ts'

const LOOK_MS = 50
const ACKNOWLEDGED_WITHIN_MS = 60_000
/**
 * A process that reports once a second and has not for so long has probably ended; that it has is
 * sure a little later.
 */
const FRESH_MS = 3_000

/** Waits until each process that follows the move has ended what it began before this epoch. */
export async function acknowledged(
  { state, teller }: Look,
  { epoch }: Migration,
  withinMs = ACKNOWLEDGED_WITHIN_MS,
): Promise<Follower[]> {
  const until = Date.now() + withinMs
  for (let told = false; ; ) {
    const followers = await state.followers()
    const behind = followers.filter((one) => one.epoch < epoch)
    if (behind.length === 0) return followers
    if (Date.now() > until) {
      throw new CodedError(
        'FOLLOWER_LAGS',
        `${behind.length} of ${followers.length} processes have not followed within ${withinMs} ms`,
        {
          next: 'wait 18 s, after which a process that was killed is counted out by itself',
        },
      )
    }
    if (!told && Date.now() > until - withinMs + FRESH_MS) {
      teller.progress(`waiting for ${behind.length} of ${followers.length} processes to follow`)
      told = true
    }
    await delay(LOOK_MS)
  }
}

/** The same, and each has been heard of just now: before writes are held for it. */
export async function wellFollowed(move: Look, migration: Migration): Promise<Follower[]> {
  const until = Date.now() + ACKNOWLEDGED_WITHIN_MS
  for (;;) {
    const followers = await acknowledged(move, migration)
    if (followers.length > 0 && followers.every(({ silentMs }) => silentMs < FRESH_MS))
      return followers
    if (Date.now() > until || followers.length === 0) throw noFollower()
    await delay(LOOK_MS)
  }
}

/** Somebody must be there who goes by the document; whoever writes without it would be missed. */
export const noFollower = (): CodedError =>
  new CodedError('NO_FOLLOWER', 'no stage is running that follows this move', { next: START_STAGE })

const QUIET_WITHIN_MS = 60_000
/** Older than any write that goes well. */
const UNSETTLED_MS = 1_500

/**
 * Waits until what the two stores may differ in has been settled, but for what is just being
 * written.
 */
export async function settled({ intents, teller }: Look): Promise<void> {
  const until = Date.now() + QUIET_WITHIN_MS
  for (let told = 0; ; ) {
    const [refused] = await intents.refusals(1, { at: Date.now() + 5_000 })
    if (refused) throw new CodedError('ROW_REFUSED', refused.refused!, { next: REFUSED_NEXT })
    const waiting = await intents.waiting(UNSETTLED_MS, { at: Date.now() + 5_000 })
    if (waiting === 0) return
    if (Date.now() > until) {
      throw new CodedError(
        'NOT_SETTLED',
        `${waiting} writes wait for the second store: it does not follow`,
        {
          next: 'see that it is up and well',
        },
      )
    }
    if (waiting !== told) teller.progress(`${waiting} writes wait to be settled in both stores`)
    told = waiting
    await delay(LOOK_MS * 4)
  }
}
