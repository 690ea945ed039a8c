import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Registration, spawnRegistered, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { GeneratorCommand, GeneratorEvent, Plan } from '../load/plan.ts'
import type { LoadReport } from '../load/report.ts'

export interface GeneratorProcess extends AsyncDisposable {
  readonly pid: number
  /** Opens the sockets. */
  prepare(plan: Plan, onOpened: (done: number, total: number) => void): Promise<void>
  /** Runs the load. `onMeasuring`: the warm-up is over and the seconds that count begin. */
  run(on: { onMeasuring(): void; onSecond(done: number, total: number): void }): Promise<LoadReport>
}

const ENTRY = fileURLToPath(new URL('../load/main.ts', import.meta.url))

/**
 * Starts the generator. Should it die, whoever waits for it gets GENERATOR_DIED: a run without load
 * has no verdict.
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
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000)
  })
  const { pid } = identity
  const post = (message: GeneratorCommand): boolean => child.send(message)

  return {
    pid,
    async prepare(plan, onOpened) {
      const ready = answer(
        child,
        () => complaint,
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
        () => complaint,
        (message) => {
          if (message.type === 'measuring') onMeasuring()
          if (message.type === 'second') onSecond(message.done, message.total)
          return message.type === 'result' ? { value: message.report } : undefined
        },
      )
      post({ type: 'go' })
      return result
    },
    [Symbol.asyncDispose]: () => end(child, registration, pid),
  }
}

async function end(child: ChildProcess, registration: Registration, pid: number): Promise<void> {
  if (child.connected) child.disconnect()
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((resolve) => {
      const impatient = setTimeout(
        () => void terminate({ pid, start: '' }, { graceMs: 0 }).then(() => child.kill('SIGKILL')),
        5_000,
      )
      child.once('exit', () => {
        clearTimeout(impatient)
        resolve()
      })
    })
  }
  await registration.close()
}

/**
 * Waits for the message that `read` takes for the answer; rejects if the process fails or ends
 * before it.
 */
function answer<T>(
  child: ChildProcess,
  complaint: () => string,
  read: (message: GeneratorEvent) => { value: T } | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onExit = (code: number | null, signal: string | null): void => {
      settle()
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`
      reject(
        new CodedError(
          'GENERATOR_DIED',
          `the load generator died (${how}) ${complaint().trim()}`.trim(),
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
    // It may have ended before anybody listened.
    if (child.exitCode !== null || child.signalCode !== null)
      onExit(child.exitCode, child.signalCode)
  })
}
