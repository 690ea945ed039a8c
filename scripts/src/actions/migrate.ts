import { join } from 'node:path'
import { runningStages, spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { MigrateOptions } from '../commands/migrate.ts'
import { type Context, REMAINS, ROOT } from '../context.ts'
import { interruptible } from '../interruption.ts'
import { MIGRATIONS, type MigrationInfo } from '../migrations.ts'
import { requireTree } from '../preflight.ts'
import { table } from '../terminal.ts'
import { findStage, unknown } from '../unknown.ts'

export async function migrate(
  { terminal, exitWith }: Context,
  name: string | undefined,
  step: string,
  options: MigrateOptions,
): Promise<void> {
  if (name === undefined) return terminal.print(list())
  const migration = MIGRATIONS.find((one) => one.name === name)
  const names = MIGRATIONS.map((one) => one.name)
  if (migration === undefined)
    throw unknown('UNKNOWN_MIGRATION', 'migration', name, names, 'npx threshold migrate')
  for (const word of [step, options.until ?? step])
    if (!migration.steps.includes(word))
      throw unknown('UNKNOWN_STEP', 'step', word, migration.steps, 'npx threshold migrate --help')
  const { dir } = await findStage(String(migration.stage))
  const checkpoints = join(ROOT, REMAINS, 'migrations')
  // To look takes no checkpoints of its own.
  if (step !== 'plan' && step !== 'status') await requireTree(checkpoints, 'checkpoints')
  const env = await databasesOf(migration)
  const given = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)])
  const args = [join(dir, migration.program), step, ...given, '--checkpoints', checkpoints]
  await interruptible(`migrate ${name} ${step}`, terminal, async (interrupted) => {
    const { child, run, closed } = await spawnRegistered({
      role: 'migrator',
      text: `the migrator of ${name}`,
      group: true,
      onExit: 'kill',
      command: process.execPath,
      args,
      // In a group of its own: a signal to ours ends it through us, in one way and not in two.
      spawn: {
        cwd: ROOT,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      },
    })
    await using _ = run
    // It has nothing to finish: what it did is written down, and it goes on from there.
    const end = (): void => void child.kill('SIGKILL')
    if (interrupted.aborted) end()
    interrupted.addEventListener('abort', end)
    const { code } = await closed
    interrupted.throwIfAborted()
    exitWith(code ?? 1)
  })
}

const list = (): string =>
  table(
    ['Migration', 'Moves', 'Steps'],
    MIGRATIONS.map(({ name, title, steps }) => [name, title, steps.join(', ')]),
  )

/**
 * Those that the environment names with their databases; else those of the one stage that runs
 * here.
 */
async function databasesOf({ stage }: MigrationInfo): Promise<Record<string, string>> {
  const { THRESHOLD_MONGODB_URI: mongodb = '', THRESHOLD_CASSANDRA_URI: cassandra = '' } =
    process.env
  if (
    /^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/.test(mongodb) &&
    /^cassandra:\/\/[^/]+\/\w+/.test(cassandra)
  )
    return {}
  const running = (await runningStages()).filter((one) => one.stage === stage)
  const [one] = running
  if (one?.cassandra === undefined || running.length > 1) {
    const why =
      running.length > 1
        ? `${running.length} of stage ${stage} run on this machine`
        : `no stage ${stage} runs on this machine`
    throw new CodedError('WHICH_DATABASES', why, {
      next: `npx threshold stage ${stage} --migrating, or set THRESHOLD_MONGODB_URI and THRESHOLD_CASSANDRA_URI, with a database and a keyspace`,
    })
  }
  return { THRESHOLD_MONGODB_URI: one.mongodb, THRESHOLD_CASSANDRA_URI: one.cassandra }
}
