import { portOf, type StageTree } from './tree.ts'

/** The parts a stage consists of, each with the stage that made it. */
export type Parts = ReadonlyMap<string, number>

/**
 * What a stage has, by its own account and that of those before it: inherited, less what went, plus
 * what came.
 */
export function partsOf(stages: readonly StageTree[], stage: StageTree): Parts {
  const { info } = stage
  const parts = new Map(inheritedBy(stages, stage))
  for (const part of info.removes) parts.delete(part)
  for (const part of info.replaces) for (const old of replacedBy(part, parts)) parts.delete(old)
  for (const part of [...info.adds, ...info.replaces]) parts.set(part, info.stage)
  return parts
}

export function inheritedBy(stages: readonly StageTree[], stage: StageTree): Parts {
  const previous = stages.find(
    ({ info }) => info.stage === stage.info.previous && info.stage < stage.info.stage,
  )
  return previous === undefined ? new Map() : partsOf(stages, previous)
}

/** Those of the parts that have the same port, or the same name. */
export const replacedBy = (part: string, parts: Parts): string[] =>
  [...parts.keys()].filter((old) => portOf(old) === portOf(part))
