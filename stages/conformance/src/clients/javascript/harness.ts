import { createInterface } from 'node:readline'
import type { HarnessRequest, ReportLine, ScenarioSetup, StepId } from '../scenario.ts'

/** One method for each step, so that the compiler reports a missing one. */
export type Steps = Record<StepId, () => Promise<void>>

export interface Harness {
  readonly setup: ScenarioSetup
  /** Asks the parent process for an action. Resolves to its response. */
  request(action: HarnessRequest): Promise<string>
  /** Adds a line to the report, whether or not a step fails. */
  note(text: string): void
  /** Keeps a line of the library's log for the report of a failure. */
  log(client: string, text: string): void
}

const report = (line: ReportLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const pending = new Set<string>()

/** Waits like a promise. If the step times out, its error names `what` it waits for. */
export function waitFor<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  const key = `${what} #${pending.size}`
  pending.add(key)
  return new Promise<T>(start).finally(() => pending.delete(key))
}

const POLL_MS = 10

/** Waits until the condition holds. If the step times out, its error names `what` it waits for. */
export const waitUntil = (what: string, condition: () => boolean): Promise<void> =>
  waitFor(what, (resolve) => {
    const timer = setInterval(() => {
      if (!condition()) return
      clearInterval(timer)
      resolve()
    }, POLL_MS)
  })

interface Emitter<Events extends Record<keyof Events, unknown[]>> {
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): unknown
  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): unknown
}

/**
 * Returns a function that resolves to the next matching event of a client. Call it before the
 * action that causes the event.
 */
export const eventWaiter =
  <Events extends Record<keyof Events, unknown[]>>() =>
  <K extends keyof Events & string>(
    client: Emitter<Events>,
    event: K,
    matches: (...args: Events[K]) => boolean = () => true,
  ): Promise<Events[K]> =>
    waitFor(event, (resolve) => {
      const listener = (...args: Events[K]): void => {
        if (!matches(...args)) return
        client.off(event, listener)
        resolve(args)
      }
      client.on(event, listener)
    })

/**
 * Plays the steps of the scenario in this process. Each library has a process of its own, so that
 * one that hangs or crashes does not affect the others.
 */
export async function runScenario(createSteps: (harness: Harness) => Steps): Promise<void> {
  const responses = new Map<number, (response: string) => void>()
  const input = createInterface({ input: process.stdin })
  const setup = await new Promise<ScenarioSetup>((resolve) => {
    input.once('line', (line) => resolve(JSON.parse(line) as ScenarioSetup))
  })
  input.on('line', (line) => {
    const { id, response } = JSON.parse(line) as { id: number; response: string }
    responses.get(id)?.(response)
  })
  let requests = 0
  const steps = createSteps({
    setup,
    note: (note) => report({ note }),
    log: (client, text) => void process.stderr.write(`${client} ${text}\n`),
    request: (request) =>
      waitFor(`the response to ${request}`, (resolve) => {
        const id = ++requests
        responses.set(id, resolve)
        report({ request, id })
      }),
  })
  for (const id of setup.steps) {
    const ok = await runStep(id, steps[id], setup.stepTimeoutMs)
    if (!ok && setup.essential.includes(id)) process.exit(1)
  }
  // Nothing is open here. If the process does not exit now, the library keeps it alive.
  input.close()
  process.stdin.destroy()
}

async function runStep(
  step: StepId,
  run: () => Promise<void>,
  timeoutMs: number,
): Promise<boolean> {
  const start = performance.now()
  const ms = (): number => Math.round(performance.now() - start)
  let timer: NodeJS.Timeout | undefined
  pending.clear()
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = `not done after ${timeoutMs} ms; still waiting for ${[...pending].join(', ')}`
      reject(new Error(text))
    }, timeoutMs)
  })
  try {
    await Promise.race([run(), timeout])
    report({ step, ok: true, ms: ms() })
    return true
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    report({ step, ok: false, ms: ms(), error: text })
    return false
  } finally {
    clearTimeout(timer)
  }
}
