import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Registration, spawnRegistered, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { GeneratorCommand, GeneratorEvent, Plan } from '../load/plan.ts'
import type { LoadReport } from '../load/report.ts'

export interface GeneratorProcess extends AsyncDisposable {
  readonly pid: number
  /** Connects all sockets. */
  prepare(plan: Plan, onOpened: (done: number, total: number) => void): Promise<void>
  /** Runs the load. `onMeasuring` is called when the warm-up ends and the measured load begins. */
  run(on: { onMeasuring(): void; onSecond(done: number, total: number): void }): Promise<LoadReport>
}

const ENTRY = fileURLToPath(new URL('../load/main.ts', import.meta.url))

/**
 * Starts the generator's process. If it dies, pending calls reject with `GENERATOR_DIED`, since a
 * run without its load has no verdict.
 */
export async function startGenerator(): Promise<GeneratorProcess> {
  const { child, identity, registration } = await spawnRegistered({
    role: 'generator',
    text: 'the load generator',
    onExit: 'kill',
    command: process.execPath,
    args: [ENTRY],
    spawn: { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2_000)
  })
  const { pid } = identity
  const post = (message: GeneratorCommand): boolean => child.send(message)

  return {
    pid,
    async prepare(plan, onOpened) {
      const ready = answer(
        child,
        () => stderr,
        (message) => {
          if (message.type === 'opened') onOpened(message.done, message.total)
          return message.type === 'ready' ? { value: undefined } : undefined
        },
      )
      post({ type: 'prepare', plan })
      return ready
    },
    async run({ onMeasuring, onSecond }) {
      const result = answer(
        child,
        () => stderr,
        (message) => {
          if (message.type === 'measuring') onMeasuring()
          if (message.type === 'second') onSecond(message.done, message.total)
          return message.type === 'result' ? { value: message.report } : undefined
        },
      )
      post({ type: 'run' })
      return result
    },
    [Symbol.asyncDispose]: () => end(child, registration, pid),
  }
}

async function end(child: ChildProcess, registration: Registration, pid: number): Promise<void> {
  if (child.connected) child.disconnect()
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((resolve) => {
      const killTimer = setTimeout(
        () => void terminate({ pid, start: '' }, { graceMs: 0 }).then(() => child.kill('SIGKILL')),
        5_000,
      )
      child.once('exit', () => {
        clearTimeout(killTimer)
        resolve()
      })
    })
  }
  await registration.close()
}

/**
 * Resolves with the first value that `read` returns for a message. Rejects if the process reports a
 * failure or ends before that.
 */
function answer<T>(
  child: ChildProcess,
  stderr: () => string,
  read: (message: GeneratorEvent) => { value: T } | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onExit = (code: number | null, signal: string | null): void => {
      settle()
      const exit = signal === null ? `exit code ${code}` : `signal ${signal}`
      reject(
        new CodedError(
          'GENERATOR_DIED',
          `the load generator died (${exit}) ${stderr().trim()}`.trim(),
        ),
      )
    }
    const onMessage = (raw: unknown): void => {
      const message = raw as GeneratorEvent
      if (message.type === 'failed') {
        settle()
        reject(new CodedError(message.code, message.message))
        return
      }
      const found = read(message)
      if (found === undefined) return
      settle()
      resolve(found.value)
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    // The process may have ended before the listeners were attached.
    if (child.exitCode !== null || child.signalCode !== null)
      onExit(child.exitCode, child.signalCode)
  })
}
