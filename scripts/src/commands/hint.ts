import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { wholeNumber } from '../options.ts'

const LEVELS = 3

export function addHint(program: Command, { terminal }: CommandContext): void {
  program
    .command('hint')
    .description("a hint towards a lab's questions; each call says more, in three levels")
    .argument('<ID>', 'the id of a lab, such as 1.3')
    .option('--level <N>', 'this level, from 1 to 3', wholeNumber(1, LEVELS))
    .addHelpText(
      'after',
      '\nExamples:\n  npx threshold hint 1.3\n  npx threshold hint 1.3 --level 3',
    )
    .action(async (id: string, { level }: { level?: number }) => {
      const { guideOf } = await import('@threshold/lab-kit')
      const { findLab } = await import('../labs.ts')
      const { appendProgress, readProgress } = await import('../progress.ts')
      const lab = await findLab(id)
      const { hints } = await guideOf(id)
      const read = (await readProgress()).flatMap((entry) =>
        entry.kind === 'hint' && entry.lab === id ? entry.level : [],
      )
      const chosen = level ?? Math.min(LEVELS, Math.max(0, ...read) + 1)
      await appendProgress({ kind: 'hint', lab: id, level: chosen })
      terminal.print(`Hint ${chosen} of ${LEVELS}, lab ${id}, ${lab.title}\n${hints[chosen - 1]}`)
    })
}
