import { once } from 'node:events'
import { join } from 'node:path'
import { listStages, spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { TrialContext } from '@threshold/lab-kit'

export interface Migrator extends AsyncDisposable {
  /** Resolves once the output of either stream matches. */
  waitForOutput(pattern: RegExp): Promise<void>
  /** Sends SIGKILL. Resolves with whether the signal ended the process, and not its own exit. */
  kill(): Promise<boolean>
  /**
   * Resolves with whether the migration completed: false if the migrator reports that the stores
   * differ. Rejects for any other failure.
   */
  completed(): Promise<boolean>
}

/** Error codes for stores that differ. They are a result, and not a failure of the lab. */
const STORES_DIFFER = /^(NEVER_EQUAL|READS_DIFFER|NOT_RECONCILED): /m

/**
 * Runs `threshold migrate mongo-cassandra all --until cutover` in a process of its own, on the
 * databases of the stage.
 */
export async function startMigrator(
  { mongo, cassandra }: TrialContext,
  folder: string,
  options: readonly string[],
): Promise<Migrator> {
  const { dir } = (await listStages()).find(({ stage }) => stage === 2)!
  const args = [
    join(dir, 'src', 'migration', 'main.ts'),
    'all',
    '--until',
    'cutover',
    '--checkpoints',
    folder,
    ...options,
  ]
  // The migrator gets only these variables and nothing else of the lab's environment.
  const env = { THRESHOLD_MONGODB_URI: mongo.uri, THRESHOLD_CASSANDRA_URI: cassandra?.uri ?? '' }
  // Detached, like stages and engines: some systems distribute CPU among process sessions.
  const { child, registration, closed } = await spawnRegistered({
    role: 'migrator',
    text: 'the migrator of lab 2.6',
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args,
    spawn: { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] },
  })
  const [stdout, stderr] = [child.stdout!, child.stderr!]
  let output = ''
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const lastLines = (): string => output.trim().split('\n').slice(-5).join('\n')
  const kill = async (): Promise<boolean> => {
    child.kill('SIGKILL')
    await closed
    return child.signalCode === 'SIGKILL'
  }
  return {
    async waitForOutput(pattern) {
      while (!pattern.test(output)) {
        const ended = await Promise.race([closed, once(stdout, 'data'), once(stderr, 'data')])
        if (child.exitCode !== null && !pattern.test(output) && ended !== undefined)
          throw new CodedError(
            'MIGRATOR_ENDED',
            `the migrator ended before it could be killed\n${lastLines()}`,
          )
      }
    },
    kill,
    async completed() {
      const { code } = await closed
      if (code === 0) return true
      if (STORES_DIFFER.test(output)) return false
      throw new CodedError(
        'MIGRATOR_FAILED',
        `the migrator ended with code ${code}\n${lastLines()}`,
      )
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await registration.close()
    },
  }
}
