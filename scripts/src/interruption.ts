import { constants } from 'node:os'
import { describeStarted, endStarted, type Registration, registerProcess } from '@threshold/engines'
import { Interrupted } from './errors.ts'
import type { Terminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/**
 * One Ctrl-C reaches npm, the launcher and this process, and each forwards it. Signals within this
 * time count as one.
 */
const SAME_SIGNAL_MS = 1_000

/** A stage with connected clients takes a second or two to close. */
const CLOSE_WITHIN_MS = 7_000

/**
 * Runs a command that starts processes. A signal aborts `work`, and so does the end of the
 * launcher, which closes the IPC channel to this process. A second signal of the same kind kills
 * everything at once, and so does a close that takes too long.
 *
 * The command registers itself as its engines do, so that `threshold reset` in another terminal
 * ends it too.
 */
export async function interruptible<T>(
  name: string,
  terminal: Terminal,
  work: (interrupted: AbortSignal, registration: Registration) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const registration = await registerProcess({
    role: 'command',
    text: `threshold ${name}`,
    pid: process.pid,
    onExit: 'kill',
  })
  const stopListening = onInterruption(terminal, controller)
  try {
    return await work(controller.signal, registration)
  } finally {
    // Work that cannot be aborted still runs, and may hold engines.
    if (controller.signal.aborted) logEnded(terminal, endStarted())
    await registration.close()
    // Keep this last: without listeners a signal ends this process at once.
    stopListening()
  }
}

/** The same for a command that starts no process. It leaves the registry and its cache alone. */
export async function unregistered<T>(
  terminal: Terminal,
  work: (interrupted: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const stopListening = onInterruption(terminal, controller)
  try {
    return await work(controller.signal)
  } finally {
    stopListening()
  }
}

function onInterruption(terminal: Terminal, controller: AbortController): () => void {
  let first = { code: 0, at: 0 }
  let lastResort: NodeJS.Timeout | undefined
  const exitNow = (): never => {
    logEnded(terminal, endStarted({ atOnce: true }))
    process.exit(first.code)
  }
  const interrupt = (code: number): void => {
    if (controller.signal.aborted) {
      if (code === first.code && Date.now() - first.at > SAME_SIGNAL_MS) exitNow()
      return
    }
    first = { code, at: Date.now() }
    const hint = code === exitCodeOf('SIGINT') ? '; Ctrl-C once more ends everything at once' : ''
    terminal.log(`closing ${describeStarted().join(', ')}`.trimEnd() + hint)
    lastResort = setTimeout(exitNow, CLOSE_WITHIN_MS).unref()
    controller.abort(new Interrupted(code))
  }
  const listeners = SIGNALS.map((signal) => [signal, () => interrupt(exitCodeOf(signal))] as const)
  for (const [signal, listener] of listeners) process.on(signal, listener)
  const onLauncherEnd = (): void => interrupt(exitCodeOf('SIGHUP'))
  // The channel keeps this process alive while it has a listener, so until the command has closed.
  process.on('disconnect', onLauncherEnd)
  // The launcher may have ended before this process listened.
  if (process.connected === false) onLauncherEnd()
  return () => {
    clearTimeout(lastResort)
    for (const [signal, listener] of listeners) process.off(signal, listener)
    process.off('disconnect', onLauncherEnd)
  }
}

function logEnded(terminal: Terminal, ended: readonly string[]): void {
  if (ended.length > 0) terminal.log(`ended ${ended.join(', ')}`)
}

/**
 * Rejects on interruption without waiting for work that cannot be aborted. The processes that the
 * work started end with this one.
 */
export async function unlessInterrupted<T>(interrupted: AbortSignal, work: Promise<T>): Promise<T> {
  interrupted.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(interrupted.reason)
  interrupted.addEventListener('abort', abort, { once: true })
  // The work may still reject after an interruption; that must not count as unhandled.
  work.catch(() => {})
  try {
    return await Promise.race([work, promise])
  } finally {
    interrupted.removeEventListener('abort', abort)
  }
}
