import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type CommandContext, EXIT, outputFolder } from '../context.ts'

/** Evidence is kept, because no command can produce the same again. */
const KEPT = 'evidence'

export function addReset(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('reset')
    .description(
      'end every stage, engine and lab of Threshold on this machine, and remove what they left',
    )
    .addHelpText(
      'after',
      `
Works in any state, also after a kill -9, and twice in a row. Keeps .threshold/evidence and
everything installed into the cache. Exits with 1 when something could not be ended or removed, and
names it.

Example:
  npx threshold reset`,
    )
    .action(async () => {
      const { requireCache, sweep } = await import('@threshold/engines')
      // An unreadable cache would look like a clean one.
      await requireCache()
      terminal.log('ending everything that still runs')
      const swept = await sweep({ all: true })
      const output = await removeOutput(outputFolder())
      const removed = [...swept.removed, ...output.removed]
      const problems = [...swept.problems, ...output.problems]

      for (const line of swept.ended) terminal.log(`ended    ${line}`)
      for (const path of removed) terminal.log(`removed  ${path}`)
      for (const problem of problems) terminal.log(`PROBLEM  ${problem}`)
      terminal.print(summary(swept.ended.length, removed.length, problems.length))
      if (problems.length > 0) setExitCode(EXIT.failure)
    })
}

async function removeOutput(folder: string): Promise<{ removed: string[]; problems: string[] }> {
  const { messageOf } = await import('@threshold/kit')
  const removed: string[] = []
  const problems: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    if (name === KEPT) continue
    const path = join(folder, name)
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      removed.push(path)
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { removed, problems }
}

function summary(ended: number, removed: number, problems: number): string {
  if (ended + removed + problems === 0) return 'clean: there was nothing to end or remove'
  const trouble = problems === 0 ? 'no problems' : `${problems} problems`
  return `${ended} ended, ${removed} removed, ${trouble}`
}
