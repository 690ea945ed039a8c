import { once } from 'node:events'
import { join } from 'node:path'
import { listStages, spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { TrialContext } from '@threshold/lab-kit'

export interface Migrator extends AsyncDisposable {
  /** Resolves once it has said so, on either stream. */
  waitForOutput(what: RegExp): Promise<void>
  /** SIGKILL; resolves when it is gone: whether that is what ended it, and not its own end. */
  kill(): Promise<boolean>
  /**
   * Whether the move came to its end: false when it says that the stores cannot be made, or kept,
   * equal. Rejects when it failed otherwise.
   */
  completed(): Promise<boolean>
}

/** Of a move that is refused by what it found, and not by a failure of this lab. */
const NEVER_DONE = /^(NEVER_EQUAL|READS_DIFFER|NOT_SETTLED): /m

/**
 * `threshold migrate mongo-cassandra all --until cutover` in a process of its own, on the stage's
 * own databases.
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
  // Nothing else of the surroundings: the move is told all that it needs.
  const env = { THRESHOLD_MONGODB_URI: mongo.uri, THRESHOLD_CASSANDRA_URI: cassandra?.uri ?? '' }
  // In a session of its own, as stage and engines are: a system may share its cores out by session.
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
  const lastWords = (): string => output.trim().split('\n').slice(-5).join('\n')
  const kill = async (): Promise<boolean> => {
    child.kill('SIGKILL')
    await closed
    return child.signalCode === 'SIGKILL'
  }
  return {
    async waitForOutput(what) {
      while (!what.test(output)) {
        const ended = await Promise.race([closed, once(stdout, 'data'), once(stderr, 'data')])
        if (child.exitCode !== null && !what.test(output) && ended !== undefined)
          throw new CodedError(
            'MIGRATOR_ENDED',
            `the migrator ended before it was to be killed\n${lastWords()}`,
          )
      }
    },
    kill,
    async completed() {
      const { code } = await closed
      if (code === 0) return true
      if (NEVER_DONE.test(output)) return false
      throw new CodedError(
        'MIGRATOR_FAILED',
        `the migrator ended with code ${code}\n${lastWords()}`,
      )
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await registration.close()
    },
  }
}
