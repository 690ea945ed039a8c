import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress } from '@threshold/engines'
import { messageOf } from '@threshold/kit'
import { randomBelow, seeded } from '@threshold/lab-kit'
import { checkHistory, type Violation } from './check.ts'
import { type Fault, faultsOf } from './faults.ts'
import type { History } from './history.ts'
import { startSystem } from './system.ts'
import { startWorkload, type Workload } from './workload.ts'

export interface ChaosOptions {
  readonly stage: number
  readonly seconds: number
  /** The same seed gives the same faults in the same order. */
  readonly seed: number
  readonly onProgress: OnProgress
}

export interface ChaosResult {
  readonly engineText: string
  readonly history: History
  /** The faults in their order, with the second at which each began. */
  readonly faults: readonly string[]
  readonly violations: readonly Violation[]
  readonly clients: number
  /** Clients that had a session at the end. */
  readonly back: number
  readonly resumptions: number
  /** Messages without an acknowledgement within half a minute, although they were repeated. */
  readonly givenUp: number
  /** Processes that ended by themselves, in the stage's words. */
  readonly crashes: readonly string[]
  /** Why the run ended early: the stage did not come back. */
  readonly failure?: string
}

const GUILDS = 3
const MAX_CALM_MS = 3_000
/** All clients are to have everything this long after the last fault. */
const SETTLE_MS = 60_000
/** A stage may still publish what an aborted request has stored. */
const LATE_WRITES_MS = 30_000
const POLL_MS = 500

/** Runs a stage with two gateways and two guild hosts under faults, and checks what clients saw. */
export async function runChaos({
  stage: number,
  seconds,
  seed,
  onProgress,
}: ChaosOptions): Promise<ChaosResult> {
  await using use = new AsyncDisposableStack()
  const crashes: string[] = []
  const system = await startSystem(
    use,
    {
      stage: number,
      name: `chaos_${seed}`,
      processes: { gateway: 2, guilds: 2 },
      onOutput: (text) => void crashes.push(...(text.match(/^.* ended \(.*$/gm) ?? [])),
    },
    onProgress,
  )
  const started = performance.now()
  const nowMs = (): number => performance.now() - started
  const workload = await startWorkload(use, system.stage.url, { guilds: GUILDS, seed, nowMs })
  const random = seeded(seed)
  const possible = faultsOf(system)
  const faults: string[] = []
  let failure: string | undefined

  async function inject(fault: Fault): Promise<void> {
    const second = Math.round(nowMs() / 1_000)
    faults.push(`${second} s: ${fault.text}`)
    const text = `${fault.text}; ${workload.acknowledged()} messages acknowledged`
    onProgress({ text, done: Math.min(seconds, second), total: seconds })
    await fault.run()
    await delay(randomBelow(random, MAX_CALM_MS))
  }
  try {
    while (nowMs() < seconds * 1_000)
      await inject(possible[randomBelow(random, possible.length)]!(random))
    onProgress({ text: 'waiting for the last deliveries' })
    await workload.finish()
    await settle(workload)
    await workload.readStored()
  } catch (error) {
    failure = messageOf(error)
  }
  const history = workload.history()
  return {
    engineText: system.engineText,
    history,
    faults,
    violations: failure === undefined ? checkHistory(history) : [],
    clients: workload.clients.length,
    back: workload.clients.filter((client) => client.isOpen()).length,
    resumptions: workload.clients.reduce((sum, client) => sum + client.resumptions(), 0),
    givenUp: workload.givenUp(),
    crashes,
    ...(failure === undefined ? {} : { failure }),
  }
}

/** Waits until all clients are back and have everything, and then for late writes. */
async function settle(workload: Workload): Promise<void> {
  const until = performance.now() + SETTLE_MS
  while (performance.now() < until) {
    if (workload.clients.every((client) => client.isOpen())) {
      await workload.readStored()
      if (checkHistory(workload.history()).length === 0) return delay(LATE_WRITES_MS)
    }
    await delay(POLL_MS)
  }
}
