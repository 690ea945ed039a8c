import type { Command } from 'commander'
import { type CommandContext, EXIT, outputFolder } from '../context.ts'

interface ResetOptions {
  readonly yes?: boolean
  readonly all?: boolean
}

export function addReset(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('reset')
    .description('end every stage, engine and lab of this clone, and remove what they left')
    .option('--yes', 'do not ask, for scripts')
    .option('--all', 'end what your other clones started too, and docs that are being read')
    .addHelpText(
      'after',
      `
Lists what it will end and remove, and asks. Without a terminal it needs --yes, and exits with 2 if
that is missing. Works in any state, also after a kill -9, and twice in a row. Keeps reports, your
progress, and everything installed into the cache. Exits with 1 when something could not be ended or
removed, and names it.

Examples:
  npx threshold reset
  npx threshold reset --yes
  npx threshold reset --all`,
    )
    .action(async ({ yes = false, all = false }: ResetOptions) => {
      const { planSweep, requireCache, sweep } = await import('@threshold/engines')
      const { listOutput, removeOutput } = await import('../reset-output.ts')
      // An unreadable cache would look like a clean one.
      await requireCache()
      const scope = all ? { all } : { checkout: true }
      const plan = await planSweep(scope)
      const output = await listOutput(outputFolder())
      for (const line of plan.spared) terminal.log(`keeps    ${line}`)
      if (!yes && plan.ended.length + plan.removed.length + output.length > 0) {
        for (const line of plan.ended) terminal.log(`ends     ${line}`)
        for (const path of [...plan.removed, ...output]) terminal.log(`removes  ${path}`)
        if (!(await agreed())) return terminal.print('nothing was ended or removed')
      }
      const swept = await sweep(scope)
      const rest = await removeOutput(output)
      const removed = [...swept.removed, ...rest.removed]
      const problems = [...swept.problems, ...rest.problems]

      for (const line of swept.ended) terminal.log(`ended    ${line}`)
      for (const path of removed) terminal.log(`removed  ${path}`)
      for (const problem of problems) terminal.log(`PROBLEM  ${problem}`)
      terminal.print(summary(swept.ended.length, removed.length, problems.length))
      if (problems.length > 0) setExitCode(EXIT.failure)
    })

  async function agreed(): Promise<boolean> {
    const { CodedError } = await import('@threshold/kit')
    if (!terminal.interactive)
      throw new CodedError(
        'NOT_CONFIRMED',
        'reset asks first, and there is no terminal to ask in',
        {
          next: 'npx threshold reset --yes',
        },
      )
    const message = 'End and remove all this? y or n:'
    const answer = await terminal.ask({ message }, new AbortController().signal)
    return /^y(es)?$/i.test(answer.trim())
  }
}

function summary(ended: number, removed: number, problems: number): string {
  if (ended + removed + problems === 0) return 'clean: there was nothing to end or remove'
  const trouble = problems === 0 ? 'no problems' : `${problems} problems`
  return `${ended} ended, ${removed} removed, ${trouble}`
}
