import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress } from '@threshold/engines'
import { machineCpuSeconds, ownCpuSeconds, runnableTasks } from './cpu.ts'

/** What a machine may be busy with besides the lab before figures taken on it are worth nothing. */
export interface MachineLimits {
  /** Tasks that run or wait for a disk, for each core. */
  readonly loadPerCore: number
  /** Share of the machine's CPU that others may use, now and while the lab runs. */
  readonly othersShare: number
  /**
   * How long a busy machine is waited for. Where only the load average can be had, a lab before
   * this one is in it for a minute.
   */
  readonly maxWaitMs: number
  /** How far behind its schedule the generator may send, at p99. */
  readonly lagP99Ms: number
}

export const MACHINE_LIMITS: MachineLimits = {
  loadPerCore: 1.5,
  othersShare: 0.4,
  maxWaitMs: 90_000,
  lagP99Ms: 100,
}

/**
 * A moment long enough to tell a running program from a passing one, and how often it is looked at
 * within.
 */
const LOOK_MS = 1_000
const GLANCES = 20

/**
 * Waits until the machine is calm, for a while. The load average will not do where the system can
 * tell better: it remembers for minutes a lab that has ended, and does not yet know of the build
 * that began a second ago. So it is looked at what runs now, or waits for a disk, and at the CPU
 * that is used. Returns why the machine is no place to measure, or undefined.
 */
export async function waitUntilCalm(
  cores: number,
  limits: MachineLimits,
  onProgress: OnProgress,
): Promise<string | undefined> {
  const until = Date.now() + limits.maxWaitMs
  for (;;) {
    const why = await busyReason(cores, limits)
    if (why === undefined || Date.now() >= until) return why
    onProgress({ text: `waiting for this machine to calm down: ${why}` })
  }
}

async function busyReason(cores: number, limits: MachineLimits): Promise<string | undefined> {
  const { share, load } = await measureOthers(cores)
  if (share > limits.othersShare) {
    return `other programs use ${Math.round(share * 100)}% of its CPU, and a lab can bear ${Math.round(limits.othersShare * 100)}%`
  }
  const most = limits.loadPerCore * cores
  return load > most
    ? `its load is ${load.toFixed(1)} on ${cores} cores, and a lab can bear ${most}`
    : undefined
}

/**
 * Measures for one second how busy other programs keep this machine. Programs that this process
 * started count as others.
 *
 * @returns `share`: the part of all cores' CPU time that others used, 0 to 1; `load`: tasks that
 * were running, ready to run or waiting for a disk, on average
 */
export async function measureOthers(cores: number): Promise<{ share: number; load: number }> {
  const before = { machine: machineCpuSeconds(), own: ownCpuSeconds(), at: performance.now() }
  const load = await loadFor(LOOK_MS)
  const seconds = (performance.now() - before.at) / 1_000
  const others = machineCpuSeconds() - before.machine - (ownCpuSeconds() - before.own)
  return { share: others / seconds / cores, load }
}

/** What the load average would be, were it of this moment alone. */
async function loadFor(ms: number): Promise<number> {
  let tasks = 0
  for (let glance = 0; glance < GLANCES; glance++) {
    await delay(ms / GLANCES)
    tasks += (await runnableTasks()) ?? loadavg()[0] ?? 0
  }
  return tasks / GLANCES
}
