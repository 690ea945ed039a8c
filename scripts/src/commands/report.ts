import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addReport(program: Command, { terminal }: CommandContext): void {
  program
    .command('report')
    .description('the path of the newest report, of one lab or of all')
    .argument('[ID]', 'the id of a lab, such as 1.3')
    .option('--open', 'open it in the browser')
    .addHelpText('after', '\nExamples:\n  npx threshold report\n  npx threshold report 1.3 --open')
    .action(async (id: string | undefined, { open = false }: { open?: boolean }) => {
      const { CodedError } = await import('@threshold/kit')
      const { savedRuns } = await import('../progress/evidence.ts')
      if (id !== undefined) await (await import('../labs.ts')).findLab(id)
      const newest = (await savedRuns(id)).at(-1)
      if (newest === undefined)
        throw new CodedError('NO_REPORT', `there is no report${id ? ` of lab ${id}` : ''} yet`, {
          next: `npx threshold${id ? ` lab ${id}` : ''}`,
        })
      terminal.print(newest.html)
      if (open && !(await (await import('../open-page.ts')).openPage(newest.html)))
        terminal.log('no browser can be opened here')
    })
}
