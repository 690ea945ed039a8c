import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'
import { wholeNumber } from '../options.ts'

interface ProfileCommandOptions {
  readonly seconds: number
  readonly url?: string
  readonly heap: boolean
  readonly open: boolean
}

const SHOWN = 5

export function addProfile(program: Command, { terminal }: CommandContext): void {
  program
    .command('profile')
    .description('a flame graph of a process of a running stage: its wall time, or its memory')
    .argument('<what>', 'a role, a process such as "guilds 2", or the id of a guild')
    .option('--seconds <N>', 'how long to look', wholeNumber(1, 60), 10)
    .option('--heap', 'memory that is allocated meanwhile and still in use, instead of time', false)
    .option('--url <URL>', 'the address of the stage, if several run on this machine')
    .option('--open', 'open it in the browser', false)
    .addHelpText(
      'after',
      `
Stages 1 and 2 are one process, whose name is stage. From stage 3 on the first process of a role is
profiled, or the guild host that owns a guild: its other guilds are in the graph too. The process
serves on meanwhile. One that does not end its turn cannot answer; the log of the guild host's
watchdog has the stack of such a loop.

Examples:
  npx threshold profile gateway
  npx threshold profile "guilds 2" --seconds 30
  npx threshold profile api --heap --seconds 60
  npx threshold profile stage --open`,
    )
    .action(async (what: string, { seconds, heap, url, open }: ProfileCommandOptions) => {
      const { collectProfile } = await import('../profile/collect.ts')
      const { largestOwn } = await import('../profile/profiles.ts')
      const { flameGraphPage } = await import('../profile/flame-graph.ts')
      const { unregistered } = await import('../interruption.ts')
      const kind = heap ? 'memory' : 'time'
      const { target, tree } = await unregistered(terminal, async (interrupted) => {
        using progress = terminal.progress(`profiling ${what}`)
        return await collectProfile({ what, kind, seconds, url }, progress.step, interrupted)
      })
      const at = new Date()
      const title = `Stage ${target.stage}, ${target.name}: ${kind} in ${seconds} s at ${at.toISOString()}`
      const folder = join(outputFolder(), 'profiles')
      await mkdir(folder, { recursive: true })
      const stamp = at
        .toISOString()
        .replace(/\.\d+Z$/, '')
        .replaceAll(':', '-')
      const file = join(folder, `${target.name.replaceAll(' ', '-')}-${kind}-${stamp}.html`)
      await writeFile(file, await flameGraphPage({ title, kind, tree }))
      for (const { name, value } of largestOwn(tree, SHOWN))
        terminal.log(`${((100 * value) / tree.value).toFixed(1).padStart(5)}%  ${name}`)
      terminal.print(file)
      if (open && !(await (await import('../open-page.ts')).openPage(file)))
        terminal.log('no browser can be opened here')
    })
}
