import { spawn } from 'node:child_process'
import { Failure } from './failure.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Waits for a child, and passes on the signals that this process receives. */
export async function run(command, args, options, onStart = () => {}) {
  const child = spawn(command, args, options)
  const pass = SIGNALS.map((signal) => [signal, () => child.kill(signal)])
  // npm is gone. The command line closes when its channel does, once, however many signals came
  // before.
  pass.push(['disconnect', () => (child.connected ? child.disconnect() : child.kill('SIGTERM'))])
  for (const [signal, listener] of pass) process.on(signal, listener)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) =>
        reject(
          new Failure(
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
    for (const [signal, listener] of pass) process.off(signal, listener)
  }
}

/** Ends as the child did, so that the process that waits for this one sees the same. */
export async function endBy(signal) {
  process.kill(process.pid, signal)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}
