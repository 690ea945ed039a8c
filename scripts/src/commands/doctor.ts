import type { Command } from 'commander'
import { type CommandContext, EXIT, ROOT } from '../context.ts'

export function addDoctor(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('doctor')
    .description(
      'what this machine has, the engine of each stage, which labs run, and what to install',
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Exits with 1 when no engine is available for a stage, and with 0 when every stage can run, even if on
a stand-in. A lab that does not run here can be played: npx threshold lab ID --recorded.

Examples:
  npx threshold doctor
  npx threshold doctor --json > doctor.json`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const { formatDoctor, inspectMachine } = await import('@threshold/engines')
      const { inspectLabs } = await import('../doctor/inspect-labs.ts')
      const { formatLabFacts } = await import('../doctor/lab-facts.ts')
      const report = await inspectMachine(ROOT)
      const { formatQuarantine, quarantinedGuilds } = await import('../quarantine.ts')
      const labs = await inspectLabs()
      const quarantined = await quarantinedGuilds()
      const text = json
        ? JSON.stringify({ ...report, labs, quarantined }, undefined, 2)
        : [formatDoctor(report, formatLabFacts(labs)).trimEnd(), formatQuarantine(quarantined)]
            .filter((part) => part !== '')
            .join('\n\n')
      terminal.print(text)
      if (report.status === 'cannot') setExitCode(EXIT.failure)
    })
}
