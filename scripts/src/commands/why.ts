import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addWhy(program: Command, { terminal }: CommandContext): void {
  program
    .command('why')
    .description('why a lab comes out as it does, with the line of code, after you have run it')
    .argument('<ID>', 'the id of a lab, such as 1.3')
    .option('--spoil', 'print it although you have not run the lab')
    .addHelpText('after', '\nExamples:\n  npx threshold why 1.3\n  npx threshold why 1.3 --spoil')
    .action(async (id: string, { spoil = false }: { spoil?: boolean }) => {
      const { guideOf } = await import('@threshold/lab-kit')
      const { CodedError } = await import('@threshold/kit')
      const { findLab } = await import('../labs.ts')
      const { hasOutcome } = await import('../progress/outcomes.ts')
      const { readProgress } = await import('../progress.ts')
      const { title } = await findLab(id)
      if (!spoil && !hasOutcome(id, await readProgress()))
        throw new CodedError('NOT_RUN_YET', `you have not run lab ${id}, ${title}, yet`, {
          next: `npx threshold lab ${id}, or --recorded to play its recorded run; --spoil tells you now`,
        })
      const { why, code } = await guideOf(id)
      terminal.print(`Lab ${id}, ${title}\n${why}\n\n${code.file}:${code.line}\n  ${code.text}`)
    })
}
