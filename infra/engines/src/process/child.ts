import { childEnvironment } from '../config.ts'
import type { ProcessIdentity } from './identity.ts'
import { identifyChild, spawnTagged } from './spawn.ts'

export interface LaunchSpec {
  readonly command: string
  readonly args: readonly string[]
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
}

/** Changes how a local process is started, for instance in a mount namespace. */
export type LaunchWrapper = (launch: LaunchSpec) => LaunchSpec

export interface ManagedChild {
  readonly identity: ProcessIdentity
  /** The last lines that it wrote to stdout and stderr. */
  tail(): string
  /** Why it exited, in words; undefined while it runs. */
  exitReason(): string | undefined
  /** Resolves to the reason when it has exited. */
  readonly exited: Promise<string>
  /** Calls the listener with the tail of the output so far, and with all later output. */
  onOutput(listener: (text: string) => void): void
}

/** Enough output to explain a failed start, however much the child writes. */
const TAIL_CHARACTERS = 16_384

/** How long the last output of an exited child may take to arrive. */
const OUTPUT_GRACE_MS = 500

/**
 * Starts a program as the leader of its own process group. All its descendants can then be ended
 * together, and Ctrl-C in the terminal reaches only the command line, which stops its engines in
 * order. The program carries the tag of its registration.
 */
export async function startChild(
  { command, args, env, cwd }: LaunchSpec,
  registrationId: string,
): Promise<ManagedChild> {
  const child = spawnTagged(
    {
      command,
      args,
      spawn: {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: childEnvironment(env),
        ...(cwd === undefined ? {} : { cwd }),
      },
    },
    registrationId,
  )
  let tail = ''
  let exitReason: string | undefined
  const exited = Promise.withResolvers<string>()
  const listeners: ((text: string) => void)[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS)
      for (const listener of listeners) listener(text)
    })
    // Neither the child nor its output keeps this process running.
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  const noteExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    exitReason ??= signal === null ? `exit code ${code}` : `signal ${signal}`
    exited.resolve(exitReason)
  }
  child.once('close', noteExit)
  // `close` waits until every holder of the output has closed it, which may be a grandchild that
  // lives on. Half a second after `exit` the child therefore counts as exited anyway.
  child.once('exit', (code, signal) => setTimeout(noteExit, OUTPUT_GRACE_MS, code, signal).unref())
  const identity = await identifyChild(child)
  child.unref()
  return {
    identity,
    tail: () => tail,
    exitReason: () => exitReason,
    exited: exited.promise,
    onOutput(listener) {
      if (tail !== '') listener(tail)
      listeners.push(listener)
    },
  }
}
