import { CodedError, type Runtime } from '@threshold/kit'
import { backfill } from './backfill.ts'
import {
  begun,
  command,
  type Look,
  type MigratorConfig,
  openLook,
  type StepName,
  type Teller,
} from './move.ts'
import { type Next, nextOf, withNext } from './next.ts'
import { plan, status } from './report.ts'
import { cutover, decommission, dualWrite, rollback } from './transitions.ts'
import { verify } from './verify.ts'

export { type MigratorConfig, STEPS, type StepName, type Teller } from './move.ts'

/**
 * Verifications in a row that find something to repair; more are a sign of something that makes the
 * stores differ.
 */
const VERIFICATIONS = 5

/**
 * Runs one step. Each may be run again, and is resumed where it was when its process ended in the
 * midst of it.
 */
export async function migrate(
  step: StepName,
  until: StepName,
  config: MigratorConfig,
  teller: Teller,
  runtime: Runtime,
): Promise<void> {
  await using look = await openLook(config, teller, runtime)
  if (step === 'all') return await all(look, until)
  await run(look, step)
}

type Step = Exclude<StepName, 'all'>

/** A step, and the next one, said in the same words however the step ended. */
async function run(look: Look, step: Step): Promise<void> {
  const next = async (): Promise<Next> => {
    const { run: name } = await begun(look.state)
    return await nextOf(look, tells(step) ? look.reading(name) : look.checkpoints(name))
  }
  try {
    await perform(look, step)
  } catch (error) {
    throw await withNext(error, step, next)
  }
  if (!tells(step)) look.teller.say(`next: ${(await next()).text}`)
}

/** Tells the next step itself, and changes nothing. */
const tells = (step: Step): boolean => step === 'plan' || step === 'status'

async function perform(look: Look, step: Step): Promise<void> {
  // With the checkpoints the lock, and before anything is changed: another migrator may be at work.
  if (!tells(step)) look.checkpoints((await begun(look.state)).run)
  switch (step) {
    case 'plan':
      return await plan(look, look.reading((await begun(look.state)).run))
    case 'dual-write':
      return await dualWrite(await look.open())
    case 'backfill':
      return await backfill(await look.open())
    case 'verify':
      return void (await verify(await look.open()))
    case 'cutover':
      return await cutover(await look.open())
    case 'rollback':
      return await rollback(look)
    case 'decommission':
      return await decommission(look)
    case 'status':
      return await status(look, look.reading((await look.state.read())?.run))
  }
}

const ORDER: readonly StepName[] = ['dual-write', 'backfill', 'verify', 'cutover', 'decommission']

/**
 * From wherever the move is to where it is told to stop, and never further, under whatever traffic
 * there is.
 */
async function all(move: Look, until: StepName): Promise<void> {
  await run(move, 'plan')
  const checkpoints = move.checkpoints((await begun(move.state)).run)
  for (let verifications = 0; ; ) {
    await move.migration() // freed of a hold
    const { step } = await nextOf(move, checkpoints)
    if (step === undefined || step === 'all' || ORDER.indexOf(step) > ORDER.indexOf(until)) return
    if (step === 'verify' && ++verifications > VERIFICATIONS) {
      const why = `${VERIFICATIONS} verifications in a row have found differences: something writes past the stage`
      const next = `look for another process, a stage 1 perhaps, that writes to MongoDB, then ${command('verify')}`
      throw new CodedError('NEVER_EQUAL', why, { next })
    }
    await run(move, step)
  }
}
