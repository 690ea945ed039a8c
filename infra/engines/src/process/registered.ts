import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { CodedError } from '@threshold/kit/errors'
import { childEnvironment } from '../config.ts'
import { type Registration, type RegistrationOptions, register } from '../registry/registry.ts'
import { identify, type ProcessIdentity } from './identity.ts'
import { TAG_VARIABLE } from './process-tags.ts'

export interface RegisteredProcess {
  readonly child: ChildProcess
  readonly identity: ProcessIdentity
  /** Close it once the process has ended. */
  readonly registration: Registration
  /** Resolves when it has ended and its output has been read. */
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface SpawnRegisteredOptions extends RegistrationOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly spawn: SpawnOptions
}

/**
 * Starts a process that ends with this one, however this one ends. It is registered before it is
 * started and carries the mark of its run, so that a sweep finds it also when this process is
 * killed in between.
 */
export async function spawnRegistered({
  command,
  args,
  spawn: spawnOptions,
  ...options
}: SpawnRegisteredOptions): Promise<RegisteredProcess> {
  const registration = await register(options)
  let child: ChildProcess | undefined
  try {
    child = spawn(command, args, {
      ...spawnOptions,
      env: { ...(spawnOptions.env ?? childEnvironment()), [TAG_VARIABLE]: registration.id },
    })
    const closed = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>()
    child.once('close', (code, signal) => closed.resolve({ code, signal }))
    await new Promise<void>((resolve, reject) => {
      child?.once('spawn', resolve)
      child?.once('error', (error) =>
        reject(
          new CodedError('SPAWN_FAILED', `${command} cannot be started: ${error.message}`, {
            cause: error,
          }),
        ),
      )
    })
    const { pid = 0 } = child
    // One that has ended already has no start time any more; one that no process can have makes it
    // count as gone.
    const identity = (await identify(pid)) ?? { pid, start: 'ended' }
    await registration.update({ process: identity })
    return { child, identity, registration, closed: closed.promise }
  } catch (error) {
    child?.kill('SIGKILL')
    await registration.close()
    throw error
  }
}
