import { CodedError } from '@threshold/kit'
import {
  commandOf,
  type MigratorContext,
  type MigratorOptions,
  type MigratorPorts,
  openMigrator,
  type Reporter,
  startedMigration,
} from './context.ts'
import { nextStep, withNextStep } from './guards.ts'
import { plan, status } from './report.ts'
import { backfill } from './steps/backfill.ts'
import { cutover, decommission, dualWrite, rollback } from './steps/phases.ts'
import { verify } from './steps/verify.ts'
import { FORWARD_STEPS, type Step } from './transitions.ts'

/** Verifications in a row that find a difference; more mean that something keeps making them. */
const VERIFICATIONS = 5

/**
 * Runs one step, or `all` of them up to `until`. Each may be run again, and is resumed where it was
 * when its process ended.
 */
export async function migrate(
  step: Step,
  until: Step,
  ports: MigratorPorts,
  options: MigratorOptions,
  reporter: Reporter,
): Promise<void> {
  await using context = openMigrator(ports, options, reporter)
  if (step === 'all') return await runAll(context, until)
  await runStep(context, step)
}

type SingleStep = Exclude<Step, 'all'>

/** Runs a step and says which one comes next, in the same words however the step ended. */
async function runStep(context: MigratorContext, step: SingleStep): Promise<void> {
  const next = async () => {
    const { runId } = await startedMigration(context)
    const checkpoints = isReadOnly(step)
      ? context.readCheckpoints(runId)
      : context.checkpoints(runId)
    return await nextStep(context, checkpoints)
  }
  try {
    await perform(context, step)
  } catch (error) {
    throw await withNextStep(error, step, context.names, next)
  }
  if (!isReadOnly(step)) context.reporter.result(`next: ${(await next()).text}`)
}

/** These report the next step themselves. */
const isReadOnly = (step: SingleStep): step is 'plan' | 'status' =>
  step === 'plan' || step === 'status'

async function perform(context: MigratorContext, step: SingleStep): Promise<void> {
  if (step === 'plan')
    return await plan(context, context.readCheckpoints((await startedMigration(context)).runId))
  if (step === 'status')
    return await status(context, context.readCheckpoints((await context.state.read())?.runId))
  // The lock comes with the checkpoints, before anything changes: another migrator may be at work.
  context.checkpoints((await startedMigration(context)).runId)
  switch (step) {
    case 'dual-write':
      return await dualWrite(await context.openTarget())
    case 'backfill':
      return await backfill(await context.openTarget())
    case 'verify':
      return await verify(await context.openTarget())
    case 'cutover':
      return await cutover(await context.openTarget())
    case 'rollback':
      return await rollback(context)
    case 'decommission':
      return await decommission(context)
  }
}

/** Goes on from wherever the move is to `until` and no further, under whatever traffic there is. */
async function runAll(context: MigratorContext, until: Step): Promise<void> {
  await runStep(context, 'plan')
  const checkpoints = context.checkpoints((await startedMigration(context)).runId)
  const order: readonly Step[] = FORWARD_STEPS
  for (let verifications = 0; ; ) {
    await context.migration() // lowers a write fence left up
    const { step } = await nextStep(context, checkpoints)
    if (step === undefined || order.indexOf(step) > order.indexOf(until)) return
    if (step === 'verify' && ++verifications > VERIFICATIONS) {
      const { source, stage, previousStage } = context.names
      const why =
        `${VERIFICATIONS} verifications in a row have found differences: something ` +
        `writes past ${stage}`
      const next =
        `look for another process, a ${previousStage} perhaps, that writes to ` +
        `${source}, then ${commandOf(context.names, 'verify')}`
      throw new CodedError('NEVER_EQUAL', why, { next })
    }
    await runStep(context, step)
  }
}
