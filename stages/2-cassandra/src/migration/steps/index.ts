import { CodedError, type Runtime } from '@threshold/kit'
import { backfill } from './backfill.ts'
import { type MigratorConfig, type Move, openMove, type StepName, type Teller } from './move.ts'
import { nextStep, plan, status } from './report.ts'
import { cutover, decommission, dualWrite, rollback } from './transitions.ts'
import { verify } from './verify.ts'

export { type MigratorConfig, STEPS, type StepName, type Teller } from './move.ts'

/** Verifications in a row that find something to repair; more are a sign of something that makes the stores differ. */
const VERIFICATIONS = 5

/** Runs one step. Each may be run again, and is resumed where it was when its process ended in the midst of it. */
export async function migrate(step: StepName, until: StepName, config: MigratorConfig, teller: Teller, runtime: Runtime): Promise<void> {
  await using move = await openMove(config, teller, runtime)
  if (step === 'all') return await all(move, until)
  await run(move, step)
}

async function run(move: Move, step: Exclude<StepName, 'all'>): Promise<void> {
  if (step !== 'plan' && step !== 'status') move.checkpoints((await move.migration()).run) // and with them the lock
  switch (step) {
    case 'plan':
      return await plan(move, move.reading((await move.migration()).run))
    case 'dual-write':
      return await dualWrite(move)
    case 'backfill':
      return await backfill(move)
    case 'verify':
      return void (await verify(move))
    case 'cutover':
      return await cutover(move)
    case 'rollback':
      return await rollback(move)
    case 'decommission':
      return await decommission(move)
    case 'status':
      return await status(move, move.reading((await move.state.read())?.run))
  }
}

const ORDER: readonly StepName[] = ['dual-write', 'backfill', 'verify', 'cutover', 'decommission']

/** From wherever the move is to where it is told to stop, and never further, under whatever traffic there is. */
async function all(move: Move, until: StepName): Promise<void> {
  await run(move, 'plan')
  for (let verifications = 0; ; ) {
    const migration = await move.migration()
    const step = nextStep(migration, move.checkpoints(migration.run))
    if (step === 'all' || step === 'status' || ORDER.indexOf(step) > ORDER.indexOf(until)) return
    if (step === 'verify' && ++verifications > VERIFICATIONS) {
      const why = `${VERIFICATIONS} verifications in a row have found differences: something writes past the stage`
      throw new CodedError('NEVER_EQUAL', why, { next: 'look for another process, a stage 1 perhaps, that writes to MongoDB' })
    }
    await run(move, step)
  }
}
