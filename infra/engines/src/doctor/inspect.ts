import { readFile } from 'node:fs/promises'
import { availableParallelism, freemem, loadavg, release, totalmem, type } from 'node:os'
import { cacheDir } from '../cache.ts'
import type { Preference } from '../engine.ts'
import { cacheProblem, freeBytes } from '../folder.ts'
import { forgetProbeFailure } from '../mongodb/memory-server.ts'
import { HIGHEST_PORT, isPortFree, LOWEST_PORT } from '../process/ports.ts'
import { CANDIDATES, type Candidate, nextFor } from './candidates.ts'
import { type Family, familyOf } from './remedies.ts'
import type { ChoiceFacts, DiskFacts, DoctorReport, StageFacts } from './report.ts'
import { inspectTools } from './tools.ts'

const GIGABYTE = 1_000_000_000
/** Measured: Node, both stand-ins, and the temporary space to build the Rust one. */
const CACHE_NEEDS = 2.5 * GIGABYTE
/** The space for node_modules and the evidence of a workshop. */
const TREE_NEEDS = 1.5 * GIGABYTE

/** The engines that each stage adds. A new stage with a new engine adds an element. */
const STAGES = [
  { stage: 1, title: 'Monolith on MongoDB', needs: 'MongoDB', candidates: CANDIDATES.mongodb },
  {
    stage: 2,
    title: 'Messages on Cassandra',
    needs: "Cassandra, and stage 1's MongoDB",
    candidates: CANDIDATES.cassandra,
  },
  {
    stage: 3,
    title: 'Gateway and guilds',
    needs: "NATS, and stage 2's databases",
    candidates: CANDIDATES.nats,
  },
] as const

/**
 * Inspects this machine. It installs and starts nothing. It may create the cache folder, and note
 * in it that the network is closed.
 */
export async function inspectMachine(tree: string = process.cwd()): Promise<DoctorReport> {
  const family = familyOf(
    process.platform,
    await readFile('/etc/os-release', 'utf8').catch(() => ''),
  )
  await forgetProbeFailure()
  const [tools, stages, disks, free] = await Promise.all([
    inspectTools(family),
    Promise.all(STAGES.map(({ candidates, ...stage }) => inspectStage(stage, candidates, family))),
    Promise.all([
      inspectDisk('cache', cacheDir(), CACHE_NEEDS, await cacheProblem()),
      inspectDisk('tree', tree, TREE_NEEDS),
    ]),
    Promise.all(samplePorts().map(isPortFree)),
  ])
  return {
    v: 1,
    status: disks.some(({ problem }) => problem !== undefined) ? 'cannot' : statusOf(stages),
    machine: {
      os: `${type()} ${release()}`,
      node: process.versions.node,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
      load: loadavg()[0] ?? 0,
    },
    disks,
    ports: {
      from: LOWEST_PORT,
      to: HIGHEST_PORT,
      sampled: free.length,
      free: free.filter(Boolean).length,
    },
    tools,
    stages,
  }
}

function statusOf(stages: readonly StageFacts[]): DoctorReport['status'] {
  if (stages.some(({ quick, lab }) => quick === undefined && lab === undefined)) return 'cannot'
  return stages.some(({ quick, lab }) => (lab ?? quick)?.standIn === true) ? 'stand-in' : 'ok'
}

/** A dozen evenly spread ports. */
const samplePorts = (): number[] =>
  Array.from(
    { length: 12 },
    (_, index) => LOWEST_PORT + index * Math.floor((HIGHEST_PORT - LOWEST_PORT) / 12),
  )

async function inspectDisk(
  what: string,
  path: string,
  needBytes: number,
  problem?: string,
): Promise<DiskFacts> {
  return {
    what,
    path,
    freeBytes: await freeBytes(path),
    needBytes,
    ...(problem === undefined ? {} : { problem }),
  }
}

async function inspectStage(
  stage: Pick<StageFacts, 'stage' | 'title' | 'needs'>,
  candidates: readonly Candidate[],
  family: Family,
): Promise<StageFacts> {
  const [quick, lab] = [await choose(candidates, 'quick'), await choose(candidates, 'lab')]
  // A lab takes the best engine of this machine, so the providers it skipped are worth a remedy.
  const passedOver = lab.passedOver.map((entry) => ({ ...entry, next: nextFor(entry, family) }))
  return { ...stage, quick: quick.choice, lab: lab.choice, passedOver }
}

async function choose(
  candidates: readonly Candidate[],
  prefer: Preference,
): Promise<{ choice: ChoiceFacts | undefined; passedOver: StageFacts['passedOver'] }> {
  const passedOver: { name: string; why: string; next: string }[] = []
  for (const candidate of candidates) {
    const { name } = candidate
    const availability = await candidate.available(prefer)
    if (availability.usable) {
      const standIn = await candidate.isStandIn()
      const label = standIn && !name.includes('stand-in') ? `${name} (a stand-in)` : name
      return {
        choice: { name: label, standIn, install: await candidate.preparation() },
        passedOver,
      }
    }
    passedOver.push({ name, why: availability.why, next: availability.next })
  }
  return { choice: undefined, passedOver }
}
