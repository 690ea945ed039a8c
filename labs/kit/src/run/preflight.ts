import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress } from '@threshold/engines'
import { machineCpuSeconds, ownCpuSeconds } from './cpu.ts'

/** What a machine may be busy with besides the lab before figures taken on it are worth nothing. */
export interface MachineLimits {
  /** Load average of the last minute, for each core. */
  readonly loadPerCore: number
  /** Share of the machine's CPU that others may use, now and while the lab runs. */
  readonly othersShare: number
  /** How long a busy machine is waited for. A lab before this one may leave a load average of 8, which takes a minute to be 3. */
  readonly patienceMs: number
  /** How far behind its schedule the generator may send, at p99. */
  readonly lagP99Ms: number
}

export const MACHINE_LIMITS: MachineLimits = { loadPerCore: 1.5, othersShare: 0.4, patienceMs: 90_000, lagP99Ms: 100 }

/** A moment long enough to tell a running program from a passing one. */
const LOOK_MS = 1_000

/**
 * Waits until the machine is calm, for a while. The load average alone will not do: it remembers an installation that ended a
 * minute ago, and does not yet know of the build that began a second ago; so the CPU is looked at as well.
 * Returns why the machine is no place to measure, or undefined.
 */
export async function whyNotCalm(cores: number, limits: MachineLimits, onProgress: OnProgress): Promise<string | undefined> {
  const until = Date.now() + limits.patienceMs
  for (;;) {
    const why = await busyWith(cores, limits)
    if (why === undefined || Date.now() >= until) return why
    onProgress({ text: `waiting for this machine to calm down: ${why}` })
  }
}

async function busyWith(cores: number, limits: MachineLimits): Promise<string | undefined> {
  const before = { machine: machineCpuSeconds(), own: ownCpuSeconds(), at: performance.now() }
  await delay(LOOK_MS)
  const seconds = (performance.now() - before.at) / 1_000
  const others = machineCpuSeconds() - before.machine - (ownCpuSeconds() - before.own)
  const share = others / seconds / cores
  if (share > limits.othersShare) {
    return `other programs use ${Math.round(share * 100)}% of its CPU, and a lab can bear ${Math.round(limits.othersShare * 100)}%`
  }
  const [load = 0] = loadavg()
  const most = limits.loadPerCore * cores
  return load > most ? `its load average is ${load.toFixed(1)} on ${cores} cores, and a lab can bear ${most}` : undefined
}
