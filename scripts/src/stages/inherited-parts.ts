import { type ParsedStage, portOf } from './parsed-stage.ts'

/** The parts of a stage, each with the number of the stage that owns it. */
export type PartOwners = ReadonlyMap<string, number>

/**
 * The parts of a stage as the stage.json files declare them: the inherited parts, without those
 * removed or replaced, and with those added.
 */
export function partsOfStage(stages: readonly ParsedStage[], { info }: ParsedStage): PartOwners {
  const parts = new Map(inheritedParts(stages, info))
  for (const part of info.removes) parts.delete(part)
  for (const part of info.replaces)
    for (const old of partsReplacedBy(part, parts)) parts.delete(old)
  for (const part of [...info.adds, ...info.replaces]) parts.set(part, info.stage)
  return parts
}

export function inheritedParts(
  stages: readonly ParsedStage[],
  { stage, previous }: ParsedStage['info'],
): PartOwners {
  const before = stages.find(({ info }) => info.stage === previous && info.stage < stage)
  return before === undefined ? new Map() : partsOfStage(stages, before)
}

/** The parts with the same port or the same name. */
export const partsReplacedBy = (part: string, parts: PartOwners): string[] =>
  [...parts.keys()].filter((old) => portOf(old) === portOf(part))
