import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress } from '@threshold/engines'
import { randomBelow, seeded } from '@threshold/lab-kit'
import { checkHistory, type Violation } from './check.ts'
import { faultsOf } from './faults.ts'
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
}

const GUILDS = 3
const MAX_CALM_MS = 3_000
/** All clients are to have everything this long after the last fault. */
const SETTLE_MS = 60_000
const POLL_MS = 500

/** Runs a stage with two processes of most roles under faults, and checks what clients saw. */
export async function runChaos({
  stage: number,
  seconds,
  seed,
  onProgress,
}: ChaosOptions): Promise<ChaosResult> {
  await using use = new AsyncDisposableStack()
  const name = `chaos_${seed}`
  const processes = { gateway: 2, guilds: 2 }
  const system = await startSystem(use, { stage: number, name, processes }, onProgress)
  const workload = await startWorkload(system.stage.url, { guilds: GUILDS, seed })
  use.defer(() => workload.close())
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1_000
  const random = seeded(seed)
  const possible = faultsOf(system)
  const faults: string[] = []
  while (elapsed() < seconds) {
    const fault = possible[randomBelow(random, possible.length)]!(random)
    faults.push(`${elapsed().toFixed(0)} s: ${fault.text}`)
    const text = `${fault.text}; ${workload.acknowledged()} messages acknowledged`
    onProgress({ text, done: Math.min(seconds, Math.round(elapsed())), total: seconds })
    await fault.run()
    await delay(randomBelow(random, MAX_CALM_MS))
  }
  onProgress({ text: 'waiting for the last deliveries' })
  await workload.finish()
  await settle(workload)
  await workload.readStored()
  const history = workload.history()
  return {
    engineText: system.engineText,
    history,
    faults,
    violations: checkHistory(history),
    clients: workload.clients.length,
    back: workload.clients.filter((client) => client.isOpen()).length,
  }
}

/** Waits until all clients are back and have everything. Later, the check says what is missing. */
async function settle(workload: Workload): Promise<void> {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    if (performance.now() > until) return
    if (workload.clients.every((client) => client.isOpen())) {
      await workload.readStored()
      if (checkHistory(workload.history()).length === 0) return
    }
    await delay(POLL_MS)
  }
}
