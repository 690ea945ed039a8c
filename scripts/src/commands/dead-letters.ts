import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addDeadLetters(program: Command, { terminal }: CommandContext): void {
  const deadLetters = program
    .command('dead-letters')
    .description('pushes that a running stage has given up')
    .addHelpText(
      'after',
      `
From stage 3 on, a push is kept as a dead letter for a week, and not dropped, if the sink takes it in
none of its attempts or refuses it for good, if no code can read it, or if it makes the code fail.

Examples:
  npx threshold dead-letters list
  npx threshold dead-letters replay --all`,
    )
  deadLetters
    .command('list')
    .description('list them, without what they say')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  npx threshold dead-letters list --json')
    .action(async ({ json = false }: { json?: boolean }) => {
      const { formatDeadLetters, listDeadLetters } = await import('../dead-letters.ts')
      const found = await listDeadLetters()
      if (json) terminal.print(JSON.stringify({ v: 1, ...found }, undefined, 2))
      else terminal.print(formatDeadLetters(found, Date.now()))
    })
  deadLetters
    .command('replay')
    .description('hand pushes to the workers once more')
    .argument('[ID...]', 'the ids of the pushes')
    .option('--all', 'replay all that are there now')
    .addHelpText(
      'after',
      `
A push that is given up again becomes a dead letter again. One whose message was deleted is dropped.

Examples:
  npx threshold dead-letters replay 1576882842384723971
  npx threshold dead-letters replay --all`,
    )
    .action(async (ids: string[], { all = false }: { all?: boolean }) => {
      const { replayAllDeadLetters, replayDeadLetters } = await import('../dead-letters.ts')
      const replayed = all ? await replayAllDeadLetters() : await replayDeadLetters(ids)
      terminal.print(`replayed ${replayed} ${replayed === 1 ? 'push' : 'pushes'}`)
    })
}
