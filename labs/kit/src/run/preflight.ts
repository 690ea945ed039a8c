import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress } from '@threshold/engines'
import { type BusyProgram, busiestPrograms, describeBusiest, snapshotProcesses } from './busiest.ts'
import { machineCpuSeconds, ownCpuSeconds, runnableTasks } from './cpu.ts'

/** How busy the machine may be with other programs while a lab measures. */
export interface MachineLimits {
  /** Tasks per core that run, are ready to run or wait for a disk. */
  readonly loadPerCore: number
  /** Share of the machine's CPU that other programs may use, before and during the lab. */
  readonly othersShare: number
  /**
   * How long to wait for a calm machine. The load average, which some systems offer alone, includes
   * the previous lab for a minute.
   */
  readonly maxWaitMs: number
  /** Limit for the delay of the generator behind its schedule, at p99. */
  readonly lagP99Ms: number
  /**
   * Whether the generator goes before everything else that the lab starts: see
   * `lowerAllButGenerator`. Other programs then go before the stage too.
   */
  readonly lowerPriorities: boolean
}

export const MACHINE_LIMITS: MachineLimits = {
  loadPerCore: 1.5,
  othersShare: 0.4,
  maxWaitMs: 90_000,
  lagP99Ms: 100,
  lowerPriorities: true,
}

/**
 * For a demonstration. A generator that falls behind by seconds would still show nothing. A stage
 * with a lower priority would answer nothing in time beside programs that use all cores.
 */
export const ANY_MACHINE: MachineLimits = {
  loadPerCore: Number.POSITIVE_INFINITY,
  othersShare: Number.POSITIVE_INFINITY,
  maxWaitMs: 0,
  lagP99Ms: 2_000,
  lowerPriorities: false,
}

/** Long enough to tell a program that keeps running from a short burst. */
const WINDOW_MS = 1_000
const SAMPLES_PER_WINDOW = 20

/** Why a lab cannot measure on this machine now, and the programs that keep it busy. */
export interface BusyMachine {
  readonly reason: string
  readonly busiest: readonly BusyProgram[]
}

/**
 * Waits up to `maxWaitMs` for the machine to become calm. Returns undefined once it is, or why it
 * is still too busy.
 *
 * The load average is used only where nothing better exists: it includes a lab that ended minutes
 * ago and misses a build that began a second ago. Linux also tells which tasks run or wait for a
 * disk now, and every system tells the CPU in use.
 */
export async function waitUntilCalm(
  cores: number,
  limits: MachineLimits,
  onProgress: OnProgress,
): Promise<BusyMachine | undefined> {
  const until = Date.now() + limits.maxWaitMs
  for (;;) {
    const busy = await checkMachine(cores, limits)
    if (busy === undefined || Date.now() >= until) return busy
    const seconds = Math.ceil((until - Date.now()) / 1_000)
    onProgress({
      // The text before the colon stays the same, so that a log file gets one line in five seconds.
      text: `waiting until this machine is less busy: ${describeBusy(busy)}. ${seconds} s left; Ctrl-C ends the lab`,
    })
  }
}

/** `other programs use 93% of its CPU; the limit is 40% (busiest: node 48%, cc1plus 31%)`. */
export const describeBusy = ({ reason, busiest }: BusyMachine): string =>
  busiest.length === 0 ? reason : `${reason} (busiest: ${describeBusiest(busiest)})`

async function checkMachine(
  cores: number,
  limits: MachineLimits,
): Promise<BusyMachine | undefined> {
  const before = await snapshotProcesses()
  const { share, load } = await measureOthers(cores)
  const most = limits.loadPerCore * cores
  let reason: string
  if (share > limits.othersShare)
    reason = `other programs use ${Math.round(share * 100)}% of its CPU; the limit is ${Math.round(limits.othersShare * 100)}%`
  else if (load > most)
    reason = `its load is ${load.toFixed(1)} on ${cores} cores; the limit is ${most}`
  else return undefined
  const busiest = await busiestPrograms(before, await snapshotProcesses(), cores, {
    skipChildren: false,
  })
  return { reason, busiest }
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
  const load = await averageLoad()
  const seconds = (performance.now() - before.at) / 1_000
  const others = machineCpuSeconds() - before.machine - (ownCpuSeconds() - before.own)
  return { share: others / seconds / cores, load }
}

/** Averages the number of runnable tasks over one window. */
async function averageLoad(): Promise<number> {
  let tasks = 0
  for (let n = 0; n < SAMPLES_PER_WINDOW; n++) {
    await delay(WINDOW_MS / SAMPLES_PER_WINDOW)
    tasks += (await runnableTasks()) ?? loadavg()[0] ?? 0
  }
  return tasks / SAMPLES_PER_WINDOW
}
