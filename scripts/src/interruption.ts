import { constants } from 'node:os'
import { endStarted, type Run, registerProcess, startedHere } from '@threshold/engines'
import { Interrupted } from './failure.ts'
import type { Terminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/**
 * Ctrl-C reaches npm, the launcher and this process, and each passes it on: that is one wish, not
 * three.
 */
const ONE_WISH_MS = 1_000

/** A stage that has clients takes a second or two. */
const CLOSE_WITHIN_MS = 7_000

/**
 * Runs a command that holds something. A signal aborts what `work` was given, and so does the end
 * of the launcher, which closes the channel to it. The same signal again, or a close that takes too
 * long, ends at once what was started.
 *
 * The command is registered like the engines it starts, so that `threshold reset` in another
 * terminal ends it too.
 */
export async function interruptible<T>(
  name: string,
  terminal: Terminal,
  work: (interrupted: AbortSignal, run: Run) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const run = await registerProcess({
    role: 'command',
    text: `threshold ${name}`,
    pid: process.pid,
    onExit: 'kill',
  })
  const stopListening = onInterruption(terminal, controller)
  try {
    return await work(controller.signal, run)
  } finally {
    // Work that cannot be told to stop was left behind, and may hold engines.
    if (controller.signal.aborted) sayEnded(terminal, endStarted())
    await run.close()
    // Last of all: from here on a signal ends this process at once.
    stopListening()
  }
}

function onInterruption(terminal: Terminal, controller: AbortController): () => void {
  let first = { code: 0, at: 0 }
  const leave = (): never => {
    sayEnded(terminal, endStarted({ atOnce: true }))
    process.exit(first.code)
  }
  const interrupt = (code: number): void => {
    if (controller.signal.aborted) {
      if (code === first.code && Date.now() - first.at > ONE_WISH_MS) leave()
      return
    }
    first = { code, at: Date.now() }
    const again = code === codeOf('SIGINT') ? '; Ctrl-C once more ends everything at once' : ''
    terminal.say(`closing ${startedHere().join(', ')}`.trimEnd() + again)
    setTimeout(leave, CLOSE_WITHIN_MS).unref()
    controller.abort(new Interrupted(code))
  }
  const listeners = SIGNALS.map((signal) => [signal, () => interrupt(codeOf(signal))] as const)
  for (const [signal, listener] of listeners) process.on(signal, listener)
  const orphaned = (): void => interrupt(codeOf('SIGHUP'))
  process.on('disconnect', orphaned)
  // Listening for the launcher's end is no reason to stay.
  process.channel?.unref()
  // The launcher may have ended before this process listened.
  if (process.connected === false) orphaned()
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener)
    process.off('disconnect', orphaned)
  }
}

function sayEnded(terminal: Terminal, ended: readonly string[]): void {
  if (ended.length > 0) terminal.say(`ended ${ended.join(', ')}`)
}

/** For what cannot be told to stop: goes on without it. What it started ends with this process. */
export async function unlessInterrupted<T>(interrupted: AbortSignal, work: Promise<T>): Promise<T> {
  interrupted.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(interrupted.reason)
  interrupted.addEventListener('abort', abort, { once: true })
  // Whichever comes second is nobody's business any more, and must not count as unhandled.
  work.catch(() => {})
  try {
    return await Promise.race([work, promise])
  } finally {
    interrupted.removeEventListener('abort', abort)
  }
}
