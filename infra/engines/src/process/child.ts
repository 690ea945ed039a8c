import { spawn } from 'node:child_process'
import { CodedError } from '@threshold/kit/errors'
import { childEnvironment } from '../config.ts'
import { identify, type ProcessIdentity } from './identity.ts'
import { TAG_VARIABLE } from './process-tags.ts'

export interface LaunchSpec {
  readonly command: string
  readonly args: readonly string[]
  /** Undefined takes a variable of ours away. */
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
}

export type LaunchWrapper = (launch: LaunchSpec) => LaunchSpec
export const asItIs: LaunchWrapper = (launch) => launch

export interface ManagedChild {
  readonly identity: ProcessIdentity
  /** The last lines it wrote, on either stream. */
  tail(): string
  /** Why it ended, in words; undefined while it runs. */
  exitReason(): string | undefined
  onOutput(listener: (text: string) => void): void
}

/**
 * What is kept of a child's output: enough to explain a failed start, bounded however much it
 * writes.
 */
const TAIL_CHARACTERS = 16_384

/** How long the last words of an ended child may take to arrive. */
const OUTPUT_GRACE_MS = 500

/**
 * Starts a program as leader of a process group of its own: all it may start can be ended as one,
 * and Ctrl-C in the terminal reaches the command line alone, which then stops its engines in order.
 * It carries the id of the run it belongs to.
 */
export async function startChild(launch: LaunchSpec, runId: string): Promise<ManagedChild> {
  const child = spawn(launch.command, launch.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({ ...launch.env, [TAG_VARIABLE]: runId }),
    cwd: launch.cwd,
  })
  let tail = ''
  let ended: string | undefined
  const listeners: ((text: string) => void)[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS)
      for (const listener of listeners) listener(text)
    })
    // Neither the child nor its output keeps our own process alive: an engine nobody waits for ends
    // with us.
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  const note = (code: number | null, signal: NodeJS.Signals | null): void => {
    ended ??= signal === null ? `exit code ${code}` : `signal ${signal}`
  }
  child.once('close', note)
  // Its output closes with the last process that has it, which may be a grandchild that lives on:
  // the end is then noted without.
  child.once('exit', (code, signal) => setTimeout(note, OUTPUT_GRACE_MS, code, signal).unref())
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(
        new CodedError('SPAWN_FAILED', `${launch.command} cannot be started: ${error.message}`, {
          cause: error,
        }),
      ),
    )
  })
  child.unref()
  const identity = child.pid === undefined ? undefined : await identify(child.pid)
  return {
    // A child that ended already has no start time any more; one that no process can have makes it
    // count as gone.
    identity: identity ?? { pid: child.pid ?? 0, start: 'ended' },
    tail: () => tail,
    exitReason: () => ended,
    onOutput: (listener) => listeners.push(listener),
  }
}
