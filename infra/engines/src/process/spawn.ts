import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { CodedError } from '@threshold/kit/errors'
import { identify, type ProcessIdentity } from './identity.ts'
import { TAG_VARIABLE } from './process-tags.ts'

export interface SpawnSpec {
  readonly command: string
  readonly args: readonly string[]
  /** `env` is the whole environment of the process. */
  readonly spawn: SpawnOptions
}

/**
 * Starts a program whose environment carries the tag of a registration. Every process that may
 * outlive a call starts here, except the watcher, which must carry no tag. Call `identifyChild`
 * next, without an `await` between: it reports a program that cannot be started.
 *
 * execa is not used: it either collects all output, and an engine may write without end, or
 * discards the output that comes before a reader is attached.
 */
export const spawnTagged = (
  { command, args, spawn: options }: SpawnSpec,
  registrationId: string,
): ChildProcess =>
  spawn(command, args, { ...options, env: { ...options.env, [TAG_VARIABLE]: registrationId } })

/** Throws SPAWN_FAILED if the program did not start. */
export async function identifyChild(child: ChildProcess): Promise<ProcessIdentity> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('spawn', resolve)
  child.once('error', reject)
  await promise.catch((error: Error) => {
    const text = `${child.spawnfile} cannot be started: ${error.message}`
    throw new CodedError('SPAWN_FAILED', text, { cause: error })
  })
  const { pid = 0 } = child
  // A child that has exited already has no start time. This one matches no process, so the child
  // counts as gone.
  return (await identify(pid)) ?? { pid, start: 'ended' }
}
