import type { Command } from 'commander'
import { type CommandContext, EXIT, ROOT } from '../context.ts'

export function addDoctor(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('doctor')
    .description(
      'what this machine has, the engine of each stage, and what to install for a better one',
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Exits with 1 when no engine is available for a stage, and with 0 when every stage can run, even if on
a stand-in.

Examples:
  npx threshold doctor
  npx threshold doctor --json > doctor.json`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const { formatDoctor, inspectMachine } = await import('@threshold/engines')
      const report = await inspectMachine(ROOT)
      terminal.print(json ? JSON.stringify(report, undefined, 2) : formatDoctor(report).trimEnd())
      if (report.status === 'cannot') setExitCode(EXIT.failure)
    })
}
