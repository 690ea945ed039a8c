import { resolve } from 'node:path'
import { type Context, EXIT } from '../context.ts'
import { findProblems } from '../stages/check.ts'
import { compareStages } from '../stages/diff.ts'
import { drawDiff, drawList } from '../stages/draw.ts'
import { readCommon, readStages, type StageTree } from '../stages/tree.ts'
import { unknownStage } from '../unknown.ts'

export async function listStages({ terminal }: Context, root: string): Promise<void> {
  terminal.print(drawList(await readStages(resolve(root))))
}

export async function diffStages(
  { terminal }: Context,
  root: string,
  a: string,
  b: string,
): Promise<void> {
  const stages = await readStages(resolve(root))
  const find = (number: string): StageTree => {
    const found = stages.find(({ info }) => String(info.stage) === number)
    if (found === undefined)
      throw unknownStage(
        number,
        stages.map(({ info }) => info),
      )
    return found
  }
  const [before, after] = [find(a), find(b)]
  terminal.print(drawDiff(before, after, compareStages(stages, before, after)))
}

export async function checkStages({ terminal, exitWith }: Context, root: string): Promise<void> {
  const stages = await readStages(resolve(root))
  const problems = findProblems(stages, await readCommon(resolve(root)))
  for (const { room, where, what } of problems) terminal.print(`${room}  ${where}  ${what}`)
  terminal.print(
    problems.length === 0
      ? `${stages.length} checked: they are what they say`
      : `${problems.length} to mend`,
  )
  if (problems.length > 0) exitWith(EXIT.failure)
}
