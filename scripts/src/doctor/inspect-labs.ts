import { totalmem } from 'node:os'
import { createEngineFinder } from '@threshold/engines'
import { engineNeedsOf, type Lab, loadLabEntries, playRecording } from '@threshold/lab-kit'
import { type LabFacts, labFacts } from './lab-facts.ts'

/** Finds which labs run on this machine. It installs and starts nothing. */
export async function inspectLabs(): Promise<LabFacts[]> {
  const findEngine = createEngineFinder()
  return await Promise.all(
    (await loadLabEntries()).map(async ({ lab }) => {
      const needs = await engineNeedsOf(lab)
      return labFacts({
        lab,
        findings: await Promise.all(needs.map(findEngine)),
        memoryPeakBytes: await recordedPeak(lab),
        memoryBytes: totalmem(),
      })
    }),
  )
}

/** Null for a lab without a recorded run, or whose recorded run is outdated. */
async function recordedPeak(lab: Lab): Promise<number | null> {
  const recorded = await playRecording(lab).catch(() => undefined)
  const peaks = (recorded?.samples ?? []).flatMap(({ memoryPeakBytes }) => memoryPeakBytes ?? [])
  return peaks.length === 0 ? null : Math.max(...peaks)
}

/** A closed network may take seconds to say so, and the next step should be there at once. */
const OBSTACLES_WITHIN_MS = 400

/** Why labs cannot run here, by their ids. Empty if that takes too long to find out. */
export async function findObstacles(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const findEngine = createEngineFinder()
  const labs = (await loadLabEntries()).filter(({ lab }) => ids.includes(lab.id))
  const inspected = Promise.all(
    labs.map(async ({ lab }) => {
      const findings = await Promise.all((await engineNeedsOf(lab)).map(findEngine))
      const facts = { lab, findings, memoryPeakBytes: null, memoryBytes: totalmem() }
      const { why } = labFacts(facts)
      return why === null ? [] : [[lab.id, why] as const]
    }),
  )
  const { promise: late, resolve } = Promise.withResolvers<[]>()
  const timer = setTimeout(() => resolve([]), OBSTACLES_WITHIN_MS)
  try {
    return new Map((await Promise.race([inspected, late])).flat())
  } finally {
    clearTimeout(timer)
  }
}
