import { type Command, InvalidArgumentError } from 'commander'
import type { Context } from '../context.ts'
import { oneOf, wholeNumber } from '../options.ts'

export interface MigrateOptions {
  readonly rate?: number
  readonly concurrency?: number
  readonly policy?: string
  readonly shadow?: number
  readonly until?: string
}

export function addMigrate(program: Command, context: Context): void {
  program
    .command('migrate')
    .description(
      'move a store to another while a stage serves from it; without a name, what can be moved',
    )
    .argument('[NAME]', 'the name of a migration, such as mongo-cassandra')
    .argument(
      '[STEP]',
      'plan, dual-write, backfill, verify, cutover, rollback, decommission, status, or all of them',
      'status',
    )
    .option(
      '--rate <ROWS>',
      'backfill and verify: rows a second at the most',
      wholeNumber(1, 10_000_000),
    )
    .option(
      '--concurrency <N>',
      'backfill and verify: ranges at once; 4 without it',
      wholeNumber(1, 64),
    )
    .option(
      '--policy <kind>',
      'dual-write: a write that the second store fails is answered and repaired later (queue, the default) or answered 503 (fail); may be changed by saying dual-write again',
      oneOf(['queue', 'fail']),
    )
    .option(
      '--shadow <SHARE>',
      'verify: the share of page reads compared from then on, 0 to 1; 0.1 without it',
      share,
    )
    .option('--until <STEP>', 'all: the step after which it stops; decommission without it')
    .addHelpText(
      'after',
      `
Each step may be run again, and goes on where it was when it was killed. "status" names the step that comes next; a step that is
done, and one that is refused, name the same. The steps act on the stage that "threshold stage 2" runs on this machine; for databases
of your own set:
  THRESHOLD_MONGODB_URI     with the database's name in it, as the stage has it
  THRESHOLD_CASSANDRA_URI   with the keyspace in its path, as the stage has it
Checkpoints are kept in .threshold/migrations; they hold ids and counts, and no address.

Examples:
  npx threshold stage 2 --migrating               in one terminal
  npx threshold migrate mongo-cassandra plan      in another
  npx threshold migrate mongo-cassandra all --until cutover
  npx threshold migrate mongo-cassandra rollback`,
    )
    .action(async (name: string | undefined, step: string, options: MigrateOptions) => {
      const { migrate } = await import('../actions/migrate.ts')
      await migrate(context, name, step, options)
    })
}

function share(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return number
}
