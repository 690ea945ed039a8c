import { randomUUID } from 'node:crypto'
import { type Deadline, deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { dualMessageStore, type MoveEnds, pairOf, REFUSED, rolesIn } from './dual-store.ts'
import { joinMigration, type Participation } from './participant.ts'
import { reconcile } from './reconcile.ts'
import { createShadowReader } from './shadow-reads.ts'
import type { Migration, MigrationState, WriteIntents } from './state.ts'

export interface MigratingStoreParts {
  readonly state: MigrationState
  readonly ends: MoveEnds
  /** Opens the intents under the id of this process. */
  openIntents(processId: string): Promise<WriteIntents>
  /** Rejects while the target does not answer. */
  pingTarget(deadline: Deadline): Promise<void>
}

export interface MigratingMessageStore extends MessageStore {
  /**
   * Rejects while a store that this phase needs does not answer. A replica that is away takes no
   * process out of service, unless the policy is `fail`.
   */
  ready(deadline: Deadline): Promise<void>
}

/** Joins the move, and serves messages in whatever phase it is until it is closed. */
export async function openMigratingStore(
  { state, ends, openIntents, pingTarget }: MigratingStoreParts,
  runtime: Runtime,
): Promise<MigratingMessageStore> {
  await using opened = new AsyncDisposableStack()
  const id = randomUUID()
  let participation: Participation
  const intents = opened.use(await openIntents(id))
  const current = (): Migration => participation.current()
  const shadow = createShadowReader(current, state, intents, runtime)
  participation = opened.use(await joinMigration(state, id, runtime, shadow.counts))
  opened.use(startReconciler(ends, participation, intents, runtime))
  const store = dualMessageStore({ ends, participation, intents, shadow }, runtime)
  const closing = opened.move()
  return {
    ...store,
    async ready(deadline) {
      const { phase, policy } = current()
      const { primary, replica } = rolesIn(phase, ends)
      const needed = primary === ends.target || (replica === ends.target && policy === 'fail')
      if (needed) await pingTarget(deadline)
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const RECONCILE_EVERY_MS = 500
const RECONCILED_AT_ONCE = 200
const RECONCILE_WITHIN_MS = 5_000

/** Reconciles what failed in this process a moment ago, and what a dead process left behind. */
function startReconciler(
  ends: MoveEnds,
  participation: Participation,
  intents: WriteIntents,
  { log, clock }: Pick<Runtime, 'log' | 'clock'>,
): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let working = Promise.resolve()

  async function reconcileDue(): Promise<void> {
    const deadline = deadlineAfter(RECONCILE_WITHIN_MS, clock)
    const { primary, replica } = rolesIn(participation.current().phase, ends)
    if (!replica || participation.current().fencedFor !== undefined) return
    // Runs as a write, so that its phase does not end while it is under way.
    await participation.write(deadline, async ({ phase }) => {
      if (rolesIn(phase, ends).primary !== primary) return
      const pair = pairOf(primary, replica)
      for (const { id, intent } of await intents.listDue(RECONCILED_AT_ONCE, deadline)) {
        try {
          await reconcile(pair, intent, deadline)
          await intents.remove([id], deadline)
        } catch (error) {
          if (!hasCode(error, 'ROW_REFUSED')) throw error
          // A refused row must not keep the others waiting.
          log.error({ err: messageOf(error) }, REFUSED)
          await intents.markRefused([id], messageOf(error), deadline)
        }
      }
    })
  }
  async function work(): Promise<void> {
    try {
      await reconcileDue()
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'reconciliation failed and is tried again')
    }
    if (!closed) timer = setTimeout(begin, RECONCILE_EVERY_MS)
  }
  function begin(): void {
    working = work()
  }
  begin()
  return {
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      await working
    },
  }
}
