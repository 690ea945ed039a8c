import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type CommandContext, EXIT, ROOT } from '../context.ts'
import { MAX_WIRING_LINES } from '../stages/limits.ts'
import type { ParsedStage } from '../stages/parsed-stage.ts'

interface Options {
  readonly root: string
}

export function addStages(program: Command, { terminal, setExitCode }: CommandContext): void {
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
    command.option('--root <folder>', "another clone than this one, such as a class's fork", ROOT)

  withRoot(stages.command('list'))
    .description('list the stages, with what each declares in its stage.json')
    .addHelpText('after', '\nExample:\n  npx threshold stages list')
    .action(async ({ root }: Options) => {
      const { readStages } = await import('../stages/parsed-stage.ts')
      const { formatStages } = await import('../stages/format.ts')
      terminal.print(formatStages(await readStages(resolve(root))))
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
      const { readStages } = await import('../stages/parsed-stage.ts')
      const { diffStages } = await import('../stages/diff.ts')
      const { formatDiff } = await import('../stages/format.ts')
      const { unknownStage } = await import('../unknown-name.ts')
      const parsed = await readStages(resolve(root))
      const infos = parsed.map(({ info }) => info)
      const find = (number: string): ParsedStage => {
        const found = parsed.find(({ info }) => String(info.stage) === number)
        if (found === undefined) throw unknownStage(number, infos)
        return found
      }
      const [before, after] = [find(a), find(b)]
      terminal.print(formatDiff(before, after, diffStages(parsed, before, after)))
    })

  withRoot(stages.command('check'))
    .description('compare each stage.json with the real imports, and enforce the rules for stages')
    .addHelpText(
      'after',
      `
It checks that
  - every part that the wiring imports is declared: own parts in adds or replaces, earlier parts
    neither removed nor replaced;
  - every declared or inherited part is really loaded when the stage runs;
  - no stage imports a later one, extends a class of another, or depends on a stage's number;
  - main.ts, config.ts and compose.ts have at most ${MAX_WIRING_LINES.stage} lines together, and ${MAX_WIRING_LINES.role} in a role's folder.
A part listed in replaces is the stage's own part. It replaces the earlier part of the same port or
name.
Exits with 1 when something is wrong.

Example:
  npx threshold stages check`,
    )
    .action(async ({ root }: Options) => {
      const { findProblems } = await import('../stages/check.ts')
      const { readCommon, readStages } = await import('../stages/parsed-stage.ts')
      const parsed = await readStages(resolve(root))
      const problems = findProblems(parsed, await readCommon(resolve(root)))
      for (const { scope, location, message } of problems)
        terminal.print(`${scope}  ${location}  ${message}`)
      terminal.print(
        problems.length === 0
          ? `${parsed.length} stages; each stage.json matches the imports`
          : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
      )
      if (problems.length > 0) setExitCode(EXIT.failure)
    })
}
