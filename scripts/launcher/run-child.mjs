import { spawn } from 'node:child_process'
import { LauncherError } from './error.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Runs a child to its end, and forwards the signals that this process receives meanwhile. */
export async function runChild(command, args, options, onStart = () => {}) {
  const child = spawn(command, args, options)
  const listeners = SIGNALS.map((signal) => [signal, () => child.kill(signal)])
  // npm has ended. The command on the other end of the channel closes once when the channel closes,
  // even if it has received signals before.
  const onNpmEnd = () => (child.connected ? child.disconnect() : child.kill('SIGTERM'))
  listeners.push(['disconnect', onNpmEnd])
  for (const [event, listener] of listeners) process.on(event, listener)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new LauncherError(
            'CANNOT_START',
            `${command}: ${error.message}`,
            'install Node with npm: https://nodejs.org',
          ),
        ),
      )
      child.once('close', (code, signal) => resolve({ code, signal }))
      onStart(child)
    })
  } finally {
    for (const [event, listener] of listeners) process.off(event, listener)
  }
}

/** Ends this process by the signal that ended its child, so that its parent sees the same. */
export async function exitBySignal(signal) {
  process.kill(process.pid, signal)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}
