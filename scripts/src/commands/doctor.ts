import { formatDoctor, inspectMachine } from '@threshold/engines'
import type { Command } from 'commander'
import { type Context, EXIT, ROOT } from '../context.ts'

export function addDoctor(program: Command, { terminal, exitWith }: Context): void {
  program
    .command('doctor')
    .description('what this machine has, which engine each stage would get, and what to install for a better one')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Exits with 1 when a stage has no engine at all, and with 0 when all can run, be it on a stand-in.

Examples:
  npx threshold doctor
  npx threshold doctor --json > doctor.json`,
    )
    .action(async ({ json }: { json?: true }) => {
      const report = await inspectMachine(ROOT)
      terminal.print(json ? JSON.stringify(report, undefined, 2) : formatDoctor(report).trimEnd())
      if (report.status === 'cannot') exitWith(EXIT.failure)
    })
}
