import { randomInt } from 'node:crypto'
import type { Command } from 'commander'
import { type CommandContext, EXIT, outputFolder } from '../context.ts'
import { wholeNumber } from '../options.ts'

interface ChaosCommandOptions {
  readonly stage: number
  readonly seconds: number
  readonly seed?: number
  readonly check?: string
}

const MAX_SEED = 2 ** 31 - 1

export function addChaos(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('chaos')
    .description(
      'kill, pause, cut off and restart the processes of a stage, and check what clients saw',
    )
    .option('--stage <N>', 'the stage', wholeNumber(1, 9), 3)
    .option('--seconds <N>', 'how long to inject faults', wholeNumber(1, 86_400), 90)
    .option(
      '--seed <S>',
      'the seed of an earlier run, for the same faults',
      wholeNumber(0, MAX_SEED),
    )
    .option('--check <FILE>', 'only check the history of an earlier run')
    .addHelpText(
      'after',
      `
Clients send messages and change permissions all the while. At the end a checker reads what every
client received. It exits with 1 if a message was lost, duplicated, reordered or delivered to a user
without access, or if a client or the stage did not come back.

Examples:
  npx threshold chaos
  npx threshold chaos --seconds 600 --seed 7
  npx threshold chaos --check .threshold/evidence/chaos-…/history.json`,
    )
    .action(async ({ stage, seconds, check, seed = randomInt(MAX_SEED) }: ChaosCommandOptions) => {
      const { checkFile, formatChaos, formatViolations, hasFailed } = await import('../chaos.ts')
      if (check !== undefined) {
        const violations = await checkFile(check)
        terminal.print(formatViolations(violations))
        if (violations.length > 0) setExitCode(EXIT.failure)
        return
      }
      const { runChaos } = await import('@threshold/labs/chaos')
      const { interruptible, unlessInterrupted } = await import('../interruption.ts')
      const { requireOutputFolder } = await import('../preflight.ts')
      await requireOutputFolder(outputFolder(), 'the history')
      const again = `npx threshold chaos --stage ${stage} --seconds ${seconds} --seed ${seed}`
      const result = await interruptible('chaos', terminal, async (interrupted) => {
        using progress = terminal.progress(`chaos on stage ${stage}, seed ${seed}`)
        const running = runChaos({ stage, seconds, seed, onProgress: progress.step })
        return await unlessInterrupted(interrupted, running)
      })
      terminal.print(`${await formatChaos(result)}\nagain:   ${again}`)
      if (hasFailed(result)) setExitCode(EXIT.failure)
    })
}
