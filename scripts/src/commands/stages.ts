import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type Context, EXIT, ROOT } from '../context.ts'
import { unknown } from '../nearest.ts'
import { checkStages } from '../stages/check.ts'
import { diffStages } from '../stages/diff.ts'
import { drawDiff, drawList } from '../stages/draw.ts'
import { readCommon, readStages, type StageTree } from '../stages/tree.ts'

interface Options {
  readonly root: string
}

export function addStages(program: Command, { terminal, exitWith }: Context): void {
  const stages = program
    .command('stages')
    .description('how the stages build on one another')
    .addHelpText(
      'after',
      `
Examples:
  npx threshold stages list
  npx threshold stages diff 1 2
  npx threshold stages check`,
    )
  const withRoot = (command: Command): Command =>
    command.option('--root FOLDER', "another tree than this one, such as a class's fork", ROOT)

  withRoot(stages.command('list'))
    .description('all stages, with what each says of itself in stage.json')
    .addHelpText('after', '\nExample:\n  npx threshold stages list')
    .action(async ({ root }: Options) => terminal.print(drawList(await readStages(resolve(root)))))

  withRoot(stages.command('diff'))
    .description('what one stage changes of another: ports, wiring, replaced adapters, additions')
    .argument('<A>', 'the number of a stage')
    .argument('<B>', 'the number of another')
    .addHelpText('after', '\nExamples:\n  npx threshold stages diff 1 2\n  npx threshold stages diff 1 4')
    .action(async (a: string, b: string, { root }: Options) => {
      const all = await readStages(resolve(root))
      const [before, after] = [find(all, a), find(all, b)]
      terminal.print(drawDiff(before, after, diffStages(all, before, after)))
    })

  withRoot(stages.command('check'))
    .description('compare each stage.json with what the stage really imports, and look for what no stage may do')
    .addHelpText(
      'after',
      `
It holds that
  - every part the wiring imports is declared: own ones in adds or replaces, earlier ones not in removes and not replaced since;
  - everything declared or inherited is really loaded when the stage runs;
  - no stage imports a later one, inherits a class from another, or asks for its own number;
  - main.ts, config.ts and compose.ts have 150 lines together at the most, 60 in a role's folder.
A name in replaces is this stage's own part; it replaces the earlier part of the same port or name.
Exits with 1 when something is wrong.

Example:
  npx threshold stages check`,
    )
    .action(async ({ root }: Options) => {
      const all = await readStages(resolve(root))
      const problems = checkStages(all, await readCommon(resolve(root)))
      for (const { room, where, what } of problems) terminal.print(`${room}  ${where}  ${what}`)
      terminal.print(problems.length === 0 ? `${all.length} checked: they are what they say` : `${problems.length} to mend`)
      if (problems.length > 0) exitWith(EXIT.failure)
    })
}

function find(stages: readonly StageTree[], number: string): StageTree {
  const found = stages.find(({ info }) => String(info.stage) === number)
  const known = stages.map(({ info }) => String(info.stage))
  if (found === undefined) throw unknown('UNKNOWN_STAGE', 'stage', number, known, 'npx threshold stages list')
  return found
}
