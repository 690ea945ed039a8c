import type { Command } from 'commander'
import { type CommandContext, EXIT, outputFolder } from '../context.ts'
import { Interrupted, reportError } from '../errors.ts'

export function addRecord(program: Command, { terminal, setExitCode }: CommandContext): void {
  const command = program
    .command('record')
    .description('record a run of a lab, which "lab ID --recorded" plays without an engine')
    .argument('[ID...]', 'the ids of labs, such as 1.3')
    .option('--all', 'record every lab, one after the other')
    .addHelpText(
      'after',
      `
For contributors. It runs each lab at size quick and keeps the report in the lab's folder, in
recorded/report.json, to be committed. A run is kept only if it is supported, has at most 300 KB and
contains no personal data. Record again when "lab ID --recorded" says that the lab was changed.
"node scripts/lab-pages.ts" then brings the recorded figures and their picture to the lab's page.

Exits with 1 if one of the runs was not kept. The others are kept.

Examples:
  npx threshold record 1.3
  npx threshold record --all`,
    )
    .action(async (ids: readonly string[], { all }: { readonly all?: true }) => {
      if (ids.length === 0 && !all) return command.help({ error: true })
      const { findLab } = await import('../labs.ts')
      const { loadLabKit } = await import('../lab-kit.ts')
      const { interruptible } = await import('../interruption.ts')
      const { recordLab } = await import('../record-lab.ts')
      const { requireOutputFolder } = await import('../preflight.ts')
      const kit = await loadLabKit()
      const labs = all ? await kit.listLabs() : await Promise.all(ids.map(findLab))
      await requireOutputFolder(outputFolder(), 'the report of the lab')
      await interruptible('record', terminal, async (interrupted) => {
        for (const lab of labs)
          try {
            terminal.print(await recordLab(lab, terminal, interrupted))
          } catch (error) {
            if (error instanceof Interrupted) throw error
            reportError(error, terminal, process.env.THRESHOLD_DEBUG !== undefined)
            setExitCode(EXIT.failure)
          }
      })
    })
}
