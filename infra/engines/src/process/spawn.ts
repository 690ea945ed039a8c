import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { CodedError } from '@threshold/kit/errors'
import { execa, type Options, type Result } from 'execa'
import { identify, type ProcessIdentity } from './identity.ts'
import { TAG_VARIABLE } from './process-tags.ts'

export interface SpawnSpec {
  readonly command: string
  readonly args: readonly string[]
  /**
   * `env` is the whole environment of the process. `ipc` opens a channel for messages; `stdio` must
   * not contain `'ipc'`.
   */
  readonly spawn: Pick<SpawnOptions, 'cwd' | 'detached' | 'env' | 'stdio' | 'timeout'> & {
    readonly ipc?: boolean
  }
}

export interface Subprocess {
  readonly child: ChildProcess
  /** Resolves when the process has exited and its output has been read. Never rejects. */
  readonly result: Promise<Result>
}

/**
 * Starts a program whose environment carries the tag of a registration. Every process that may
 * outlive a call starts here, except the watcher, which must carry no tag. Call `identifyChild`
 * next: it reports a program that cannot be started.
 */
export function spawnTagged(
  { command, args, spawn }: SpawnSpec,
  registrationId: string,
): Subprocess {
  const options = {
    ...spawn,
    env: { ...spawn.env, [TAG_VARIABLE]: registrationId },
    extendEnv: false,
    reject: false,
    buffer: false, // an engine may write without end
    serialization: 'json',
    cleanup: false, // the registry ends children, also after a SIGKILL of this process
  }
  const result = execa(command, args, options as Options)
  return { child: result.nodeChildProcess, result }
}

/** Throws SPAWN_FAILED if the program did not start. */
export async function identifyChild({ child, result }: Subprocess): Promise<ProcessIdentity> {
  const { pid } = child
  if (pid === undefined) {
    const { originalMessage, cause } = await result
    throw new CodedError('SPAWN_FAILED', `cannot start a program: ${originalMessage}`, { cause })
  }
  // A child that has exited already has no start time. This one matches no process, so the child
  // counts as gone.
  return (await identify(pid)) ?? { pid, start: 'ended' }
}
