import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addSearch(program: Command, { terminal }: CommandContext): void {
  const search = program
    .command('search')
    .description('the search index of a running stage')
    .addHelpText('after', '\nExample:\n  npx threshold search rebuild')
  search
    .command('rebuild')
    .description('read all messages from the stores into the search index of a running stage')
    .addHelpText(
      'after',
      `
From stage 3 on, the index is a copy of what the stores have. It follows the messages by itself, and
is rebuilt by itself if it has missed some. Run this after messages came into the stores in another
way, such as POST /workshop/history. Searches are answered meanwhile.

Example:
  npx threshold search rebuild`,
    )
    .action(async () => {
      const { rebuildIndexes } = await import('../search.ts')
      const { unregistered } = await import('../interruption.ts')
      const rebuilt = await unregistered(terminal, async (interrupted) => {
        using progress = terminal.progress('rebuilding the search index')
        return await rebuildIndexes(progress.step, interrupted)
      })
      for (const { stage, channels, messages } of rebuilt)
        terminal.print(`indexed ${messages} messages of ${channels} channels of stage ${stage}`)
    })
}
