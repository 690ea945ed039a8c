import { constants } from 'node:os'
import { type Run, registerProcess } from '@threshold/engines'
import { Interrupted } from './failure.ts'
import type { Terminal } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const INTERRUPTED = 128 + constants.signals.SIGINT

/** Ctrl-C reaches npm, the launcher and this process, and each passes its own on: that is one wish, not three. */
const ONE_WISH_MS = 1_000

/**
 * Runs a command that holds something. A signal aborts what `work` was given; the same one again, a moment later, ends
 * the process at once. The same when the launcher is killed: the channel to it closes.
 *
 * The command is registered like the engines it starts, so that `threshold reset` in another terminal ends it too.
 */
export async function interruptible<T>(
  name: string,
  terminal: Terminal,
  work: (interrupted: AbortSignal, run: Run) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const listening: (() => void)[] = []
  let first = { code: 0, at: 0 }
  const interrupt = (code: number): void => {
    if (controller.signal.aborted && code === first.code && Date.now() - first.at > ONE_WISH_MS) process.exit(code)
    if (controller.signal.aborted) return
    first = { code, at: Date.now() }
    terminal.say(code === INTERRUPTED ? 'closing; Ctrl-C once more to leave at once' : 'closing')
    controller.abort(new Interrupted(code))
  }
  for (const signal of SIGNALS) {
    const listener = (): void => interrupt(128 + constants.signals[signal])
    process.on(signal, listener)
    listening.push(() => process.off(signal, listener))
  }
  const orphaned = (): void => interrupt(128 + constants.signals.SIGHUP)
  process.once('disconnect', orphaned)
  listening.push(() => process.off('disconnect', orphaned))
  // Listening for the launcher's end is no reason to stay.
  process.channel?.unref()

  await using run = await registerProcess({ role: 'command', text: `threshold ${name}`, pid: process.pid, ending: 'end' })
  try {
    return await work(controller.signal, run)
  } finally {
    for (const stop of listening) stop()
  }
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
