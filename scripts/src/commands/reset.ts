import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type SweepReport, sweep } from '@threshold/engines'
import { messageOf } from '@threshold/kit'
import type { Command } from 'commander'
import { type Context, EXIT, REMAINS, ROOT } from '../context.ts'

/** What labs found out outlives any reset: it cannot be had again by running a command. */
const KEPT = 'evidence'

export function addReset(program: Command, { terminal, exitWith }: Context): void {
  program
    .command('reset')
    .description('back to clean: ends every stage, engine and lab of Threshold on this machine, and removes what they left')
    .addHelpText(
      'after',
      `
Works from any state, also after a kill -9, and twice in a row. Keeps .threshold/${KEPT} and what was installed into the
cache. Exits with 1 when something could not be ended or removed, and says what.

Example:
  npx threshold reset`,
    )
    .action(async () => {
      const report = await everything()
      for (const line of report.ended) terminal.say(`ended    ${line}`)
      for (const path of report.removed) terminal.say(`removed  ${path}`)
      for (const problem of report.problems) terminal.say(`PROBLEM  ${problem}`)
      const nothing = report.ended.length + report.removed.length + report.problems.length === 0
      terminal.print(nothing ? 'clean: there was nothing to end or remove' : summary(report))
      if (report.problems.length > 0) exitWith(EXIT.failure)
    })

  async function everything(): Promise<SweepReport> {
    using _progress = terminal.progress('ending what still runs')
    const swept = await sweep({ all: true })
    const own = await removeRemains(join(ROOT, REMAINS))
    return { ended: swept.ended, removed: [...swept.removed, ...own.removed], problems: [...swept.problems, ...own.problems] }
  }
}

async function removeRemains(folder: string): Promise<Pick<SweepReport, 'removed' | 'problems'>> {
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

const summary = ({ ended, removed, problems }: SweepReport): string =>
  `${ended.length} ended, ${removed.length} removed, ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}`
