import type { ChildProcess } from 'node:child_process'
import { childEnvironment } from '../config.ts'
import { type Registration, type RegistrationOptions, register } from '../registry/registry.ts'
import type { ProcessIdentity } from './identity.ts'
import { identifyChild, type SpawnSpec, spawnTagged } from './spawn.ts'

export interface RegisteredProcess {
  readonly child: ChildProcess
  readonly identity: ProcessIdentity
  /** Close it once the process has exited. */
  readonly registration: Registration
  /** Resolves when the process has exited and its output has been read. */
  readonly closed: Promise<ProcessEnd>
}

interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface SpawnRegisteredOptions extends RegistrationOptions, SpawnSpec {}

/**
 * Starts a process that ends with this one, however this one ends. The process is registered before
 * it starts and carries the tag of its registration. A sweep therefore finds it even if this
 * process is killed in between.
 */
export async function spawnRegistered({
  command,
  args,
  spawn,
  ...options
}: SpawnRegisteredOptions): Promise<RegisteredProcess> {
  const registration = await register(options)
  try {
    const env = spawn.env ?? childEnvironment()
    const child = spawnTagged({ command, args, spawn: { ...spawn, env } }, registration.id)
    const closed = new Promise<ProcessEnd>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    try {
      const identity = await identifyChild(child)
      await registration.update({ process: identity })
      return { child, identity, registration, closed }
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  } catch (error) {
    await registration.close()
    throw error
  }
}
