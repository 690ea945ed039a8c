import { join } from 'node:path'
import { runningStages, spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { EXIT, outputFolder, ROOT } from './context.ts'
import { MIGRATIONS, type MigrationInfo } from './migrations.ts'
import { table } from './terminal.ts'
import { findStage, unknownName } from './unknown-name.ts'

export const checkpointsFolder = (): string => join(outputFolder(), 'migrations')

export const formatMigrations = (): string =>
  table(
    ['Migration', 'Moves', 'Steps'],
    MIGRATIONS.map(({ name, title, steps }) => [name, title, steps.join(', ')]),
  )

/** Throws when the migration is unknown, or has not all of these steps. */
export function findMigration(name: string, steps: readonly string[]): MigrationInfo {
  const found = MIGRATIONS.find((migration) => migration.name === name)
  const names = MIGRATIONS.map((migration) => migration.name)
  if (found === undefined)
    throw unknownName('UNKNOWN_MIGRATION', 'migration', name, names, 'npx threshold migrate')
  for (const step of steps)
    if (!found.steps.includes(step))
      throw unknownName('UNKNOWN_STEP', 'step', step, found.steps, 'npx threshold migrate --help')
  return found
}

/** The environment with which the stage starts on the old store. */
export function beforeMigration(stage: number): Readonly<Record<string, string>> {
  const migration = MIGRATIONS.find((candidate) => candidate.stage === stage)
  if (migration !== undefined) return migration.startsOn
  const stages = MIGRATIONS.map((candidate) => candidate.stage).join(', ')
  throw new CodedError(
    'NO_MIGRATION',
    `no migration leads to stage ${stage}; stages with one: ${stages}`,
    { next: 'npx threshold migrate --help' },
  )
}

/** Runs a step in a process of its own and returns its exit code. */
export async function runMigrator(
  migration: MigrationInfo,
  step: string,
  options: Readonly<Record<string, unknown>>,
  databases: Readonly<Record<string, string>>,
  interrupted: AbortSignal,
): Promise<number> {
  const { dir } = await findStage(String(migration.stage))
  const env = { ...process.env, ...databases }
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const { child, registration, closed } = await spawnRegistered({
    role: 'migrator',
    text: `the migrator of ${migration.name}`,
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args: [join(dir, migration.program), step, ...flags, '--checkpoints', checkpointsFolder()],
    // The migrator gets a process group of its own. Ctrl-C then reaches only this process.
    spawn: { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true },
  })
  await using _ = registration
  // The migrator may be killed at any time: its checkpoints hold what is done.
  const end = (): void => void child.kill('SIGKILL')
  if (interrupted.aborted) end()
  interrupted.addEventListener('abort', end)
  const { code } = await closed
  interrupted.throwIfAborted()
  return code ?? EXIT.failure
}

/**
 * The addresses of the databases to set for the migrator. If the environment names both databases,
 * nothing needs to be set. Otherwise they are those of the one stage that runs on this machine.
 */
export async function findDatabases({ stage }: MigrationInfo): Promise<Record<string, string>> {
  const { THRESHOLD_MONGODB_URI: mongodb = '', THRESHOLD_CASSANDRA_URI: cassandra = '' } =
    process.env
  const named =
    /^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/.test(mongodb) && /^cassandra:\/\/[^/]+\/\w+/.test(cassandra)
  if (named) return {}
  const running = (await runningStages()).filter((candidate) => candidate.stage === stage)
  const [first] = running
  if (first?.cassandra === undefined || running.length > 1) {
    const problem =
      running.length > 1
        ? `${running.length} of stage ${stage} run on this machine`
        : `no stage ${stage} runs on this machine`
    throw new CodedError('WHICH_DATABASES', problem, {
      next:
        `npx threshold stage ${stage} --migrating, or set THRESHOLD_MONGODB_URI and ` +
        'THRESHOLD_CASSANDRA_URI, with a database and a keyspace',
    })
  }
  return { THRESHOLD_MONGODB_URI: first.mongodb, THRESHOLD_CASSANDRA_URI: first.cassandra }
}
