import type { Command } from 'commander'
import { type Context, ROOT } from '../context.ts'

interface Options {
  readonly root: string
}

export function addStages(program: Command, context: Context): void {
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
    command.option('--root <folder>', "another tree than this one, such as a class's fork", ROOT)

  withRoot(stages.command('list'))
    .description('all stages, with what each says of itself in stage.json')
    .addHelpText('after', '\nExample:\n  npx threshold stages list')
    .action(async ({ root }: Options) => {
      const { listStages } = await import('../actions/stages.ts')
      await listStages(context, root)
    })

  withRoot(stages.command('diff'))
    .description('what one stage changes of another: ports, wiring, replaced adapters, additions')
    .argument('<A>', 'the number of a stage')
    .argument('<B>', 'the number of another')
    .addHelpText(
      'after',
      '\nExamples:\n  npx threshold stages diff 1 2\n  npx threshold stages diff 1 4',
    )
    .action(async (a: string, b: string, { root }: Options) => {
      const { diffStages } = await import('../actions/stages.ts')
      await diffStages(context, root, a, b)
    })

  withRoot(stages.command('check'))
    .description(
      'compare each stage.json with what the stage really imports, and look for what no stage may do',
    )
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
      const { checkStages } = await import('../actions/stages.ts')
      await checkStages(context, root)
    })
}
