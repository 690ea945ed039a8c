import { STEPS } from '@threshold/migration/transitions'
import { type Command, InvalidArgumentError } from 'commander'
import type { CommandContext } from '../context.ts'
import { oneOf, wholeNumber } from '../options.ts'

interface MigrateOptions {
  readonly rate?: number
  readonly concurrency?: number
  readonly policy?: string
  readonly shadow?: number
  readonly until?: string
}

export function addMigrate(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('migrate')
    .description(
      'move a store to another database while a stage serves; without a name, list the migrations',
    )
    .argument('[NAME]', 'the name of a migration, such as mongo-cassandra')
    .argument(
      '[STEP]',
      `${STEPS.filter((step) => step !== 'all').join(', ')}, or all of them`,
      'status',
    )
    .option(
      '--rate <ROWS>',
      'backfill and verify: the most rows per second',
      wholeNumber(1, 10_000_000),
    )
    .option(
      '--concurrency <N>',
      'backfill and verify: ranges in parallel; 4 by default',
      wholeNumber(1, 64),
    )
    .option(
      '--policy <kind>',
      'dual-write: when a write fails on the second store, repair it later (queue, the default) ' +
        'or answer with 503 (fail); run dual-write again to change it',
      oneOf(['queue', 'fail']),
    )
    .option(
      '--shadow <SHARE>',
      'verify: the share of page reads to compare from then on, 0 to 1; 0.1 by default',
      share,
    )
    .option('--until <STEP>', 'all: stop after this step; decommission by default')
    .addHelpText(
      'after',
      `
Each step may be repeated, and resumes where it was killed. "status" names the next step; so does a
step that is done, and the error of a step that is refused. The steps act on the stage that
"threshold stage 2" runs on this machine. For databases of your own set:
  THRESHOLD_MONGODB_URI     with the name of the stage's database
  THRESHOLD_CASSANDRA_URI   with the stage's keyspace as its path
Checkpoints are kept in .threshold/migrations. They hold ids and counts, and no addresses.

Examples:
  npx threshold stage 2 --migrating               in one terminal
  npx threshold migrate mongo-cassandra plan      in another
  npx threshold migrate mongo-cassandra all --until cutover
  npx threshold migrate mongo-cassandra rollback`,
    )
    .action(async (name: string | undefined, step: string, options: MigrateOptions) => {
      const { checkpointsFolder, findDatabases, findMigration, formatMigrations, runMigrator } =
        await import('../migrator.ts')
      const { interruptible } = await import('../interruption.ts')
      const { requireOutputFolder } = await import('../preflight.ts')
      if (name === undefined) return terminal.print(formatMigrations())
      const migration = findMigration(name, [step, options.until ?? step])
      // These two steps write no checkpoints.
      if (step !== 'plan' && step !== 'status')
        await requireOutputFolder(checkpointsFolder(), 'checkpoints')
      const databases = await findDatabases(migration)
      await interruptible(`migrate ${name} ${step}`, terminal, async (interrupted) => {
        setExitCode(await runMigrator(migration, step, { ...options }, databases, interrupted))
      })
    })
}

function share(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return number
}
