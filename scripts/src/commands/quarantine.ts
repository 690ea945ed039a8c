import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addQuarantine(program: Command, { terminal }: CommandContext): void {
  const quarantine = program
    .command('quarantine')
    .description(
      'guilds that a running stage does not serve because they failed, looped or leaked memory',
    )
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      `
From stage 3 on, a guild whose code throws three times within ten seconds, loops or leaks memory is
quarantined: its requests are answered 503, and no other guild notices. Release it once the bug is
fixed or its cause is gone.

Examples:
  npx threshold quarantine
  npx threshold quarantine release 1576882842384723971`,
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const { formatQuarantine, quarantinedGuilds } = await import('../quarantine.ts')
      const guilds = await quarantinedGuilds()
      if (json) return terminal.print(JSON.stringify({ v: 1, guilds }, undefined, 2))
      terminal.print(guilds.length === 0 ? 'no guild is quarantined' : formatQuarantine(guilds))
    })
  quarantine
    .command('release')
    .description('let a guild be served again')
    .argument('<guild>', 'the id of the guild')
    .addHelpText('after', '\nExample:\n  npx threshold quarantine release 1576882842384723971')
    .action(async (guild: string) => {
      const { releaseGuild } = await import('../quarantine.ts')
      const { stage } = await releaseGuild(guild)
      terminal.print(`released guild ${guild} of stage ${stage}`)
    })
}
