import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description(
      'what this machine has, which engine each stage would get, and what to install for a better one',
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Exits with 1 when a stage has no engine at all, and with 0 when all can run, be it on a stand-in.

Examples:
  npx threshold doctor
  npx threshold doctor --json > doctor.json`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const { doctor } = await import('../actions/doctor.ts')
      await doctor(context, json)
    })
}
