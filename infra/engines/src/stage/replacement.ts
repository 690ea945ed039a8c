import { get } from 'node:http'
import { CodedError } from '@threshold/kit'
import { type LaunchSpec, type ManagedChild, startChild } from '../process/child.ts'
import { terminate } from '../process/terminate.ts'
import { waitUntil } from '../process/wait-until.ts'
import { type Registration, register } from '../registry/registry.ts'
import type { StageVersion } from './version.ts'

/** A process of a role that was replaced. */
export interface Replaced {
  /** Such as `gateway 2`. */
  readonly name: string
  readonly pid: number
  readonly formerPid: number
  /** How the former process ended: `exit code 0` after a hand-over. */
  readonly formerEnd: string
  /** From its SIGTERM to its end. */
  readonly handOverMs: number
}

export interface ReplaceOptions {
  readonly version: StageVersion
  readonly readyTimeoutMs: number
  readonly progress: (text: string) => void
  readonly signal: AbortSignal
}

/** A process that is ready to replace another one, and listens on the same port. */
export interface Candidate {
  readonly child: ManagedChild
  readonly registration: Registration
}

export interface CandidateOptions {
  /** Names the process in messages, with its stage. */
  readonly text: string
  readonly spec: LaunchSpec
  /** The address at which the process that it replaces listens. */
  readonly url: string
  readonly readyTimeoutMs: number
  readonly onOutput?: ((text: string) => void) | undefined
  /** Ends a process that is not ready yet. */
  readonly signal: AbortSignal
}

/** A process has this long to close after SIGTERM. Then it is killed. */
export const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 50
const PROBE_TIMEOUT_MS = 5_000
const LOG_LINES = 10

/**
 * Starts a process and waits until its own `/readyz` answers 200. Otherwise it ends the process and
 * throws ROLLED_BACK with the last lines of its log, or the reason of the signal.
 */
export async function startCandidate(options: CandidateOptions): Promise<Candidate> {
  const { text, spec, url, readyTimeoutMs, onOutput, signal } = options
  const registration = await register({ role: 'stage', text, group: true, onExit: 'kill' })
  let child: ManagedChild | undefined
  try {
    signal.throwIfAborted()
    const env = { ...spec.env, THRESHOLD_REUSE_PORT: 'when-ready' }
    const started = await startChild({ ...spec, env }, registration.id)
    child = started
    if (onOutput) started.onOutput(onOutput)
    await registration.update({ process: started.identity })
    let ready = false
    const isDecided = async (): Promise<boolean> => {
      if (signal.aborted || started.exitReason() !== undefined) return true
      ready = await isReady(url, started.identity.pid)
      return ready
    }
    await waitUntil(isDecided, { intervalMs: POLL_MS, timeoutMs: readyTimeoutMs })
    signal.throwIfAborted()
    const ended = started.exitReason()
    if (ended === undefined && ready) return { child: started, registration }
    const late = `was not ready within ${readyTimeoutMs / 1_000} s`
    throw rolledBack(text, ended === undefined ? late : `ended (${ended})`, started)
  } catch (error) {
    const options = { group: true, graceMs: STOP_TIMEOUT_MS }
    // A process that survives SIGKILL stays in the registry, so that `reset` can end it.
    if (!child || (await terminate(child.identity, options))) await registration.close()
    throw error
  }
}

/** The last lines of its output. */
export const lastLines = (child: ManagedChild): string =>
  child.tail().trim().split('\n').slice(-LOG_LINES).join('\n')

/** The next step that a process names which knows why it did not start. */
export const ownHelp = (child: ManagedChild): string | undefined =>
  /^ {2}→ (.+)$/m.exec(child.tail())?.[1]

const rolledBack = (text: string, why: string, child: ManagedChild): CodedError =>
  new CodedError(
    'ROLLED_BACK',
    `the new process of ${text} ${why}; the old one serves on\n${lastLines(child)}`,
    { next: ownHelp(child) ?? 'correct the new version, then deploy it again' },
  )

/**
 * Whether `/readyz` of this process answers 200. False also if another process that listens on the
 * same port has answered: the kernel chooses one for each connection.
 */
async function isReady(url: string, pid: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const options = { agent: false, timeout: PROBE_TIMEOUT_MS }
  const request = get(`${url}/readyz`, options, ({ headers, statusCode }) => {
    resolve(headers['x-process-id'] === String(pid) && statusCode === 200)
    request.destroy()
  })
  request.once('timeout', () => request.destroy())
  request.on('error', () => {}) // the 'close' event that follows decides
  request.once('close', () => resolve(false))
  return await promise
}
