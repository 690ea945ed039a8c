import { createInterface } from 'node:readline'
import type { Ask, Line, StepId, World } from '../scenario.ts'

/** One method for each step; the compiler sees to it that none is missing. */
export type Steps = Record<StepId, () => Promise<void>>

export interface Stagehand {
  readonly world: World
  ask(what: Ask): Promise<string>
  /** For the report, whether or not something fails. */
  note(text: string): void
  /** The library's own talk, kept for when something fails. */
  log(who: string, text: string): void
}

const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const waits = new Set<string>()

/**
 * Waits, and says what for if the step runs out of time. Begin before the deed that brings it
 * about.
 */
export function awaited<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  const key = `${what} #${waits.size}`
  waits.add(key)
  return new Promise<T>(start).finally(() => waits.delete(key))
}

interface Emitter<Events extends Record<keyof Events, unknown[]>> {
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): unknown
  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): unknown
}

/** The next event of that name that matches. Begin before the deed that brings it about. */
export const hearing =
  <Events extends Record<keyof Events, unknown[]>>() =>
  <K extends keyof Events & string>(
    client: Emitter<Events>,
    event: K,
    matches: (...args: Events[K]) => boolean = () => true,
  ): Promise<Events[K]> =>
    awaited(event, (resolve) => {
      const listener = (...args: Events[K]): void => {
        if (!matches(...args)) return
        client.off(event, listener)
        resolve(args)
      }
      client.on(event, listener)
    })

/** Polls what has no event of its own: a cache that fills. */
export const until = (what: string, holds: () => boolean): Promise<void> =>
  awaited(what, (resolve) => {
    const poll = (): void => void (holds() ? resolve() : setTimeout(poll, 10))
    poll()
  })

/**
 * Plays all steps in their order in a process of its own, so that a library that hangs or throws
 * ends nobody but itself.
 */
export async function play(cast: (hand: Stagehand) => Steps): Promise<void> {
  const answers = new Map<number, (answer: string) => void>()
  const input = createInterface({ input: process.stdin })
  let first: ((world: World) => void) | undefined
  const told = new Promise<World>((resolve) => {
    first = resolve
  })
  input.on('line', (line) => {
    const heard: unknown = JSON.parse(line)
    if (first) {
      first(heard as World)
      first = undefined
    } else {
      const { id, answer } = heard as { id: number; answer: string }
      answers.get(id)?.(answer)
    }
  })
  const world = await told
  let asked = 0
  const steps = cast({
    world,
    note: (note) => say({ note }),
    log: (who, text) => void process.stderr.write(`${who} ${text}\n`),
    ask: (ask) =>
      awaited(`the answer to ${ask}`, (resolve) => {
        const id = ++asked
        answers.set(id, resolve)
        say({ ask, id })
      }),
  })
  for (const id of world.steps) {
    const ok = await perform(id, steps[id], world.patience)
    if (!ok && world.foundations.includes(id)) process.exit(1)
  }
  // Nothing is left open here: if the process does not end now, the library keeps it.
  input.close()
  process.stdin.destroy()
}

async function perform(
  step: StepId,
  deed: () => Promise<void>,
  patience: number,
): Promise<boolean> {
  const began = performance.now()
  const ms = (): number => Math.round(performance.now() - began)
  let timer: NodeJS.Timeout | undefined
  waits.clear()
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Error(`not done after ${patience} ms; still waiting for ${[...waits].join(', ')}`),
        ),
      patience,
    )
  })
  try {
    await Promise.race([deed(), late])
    say({ step, ok: true, ms: ms() })
    return true
  } catch (error) {
    say({
      step,
      ok: false,
      ms: ms(),
      why: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return false
  } finally {
    clearTimeout(timer)
  }
}
