import type { Command } from 'commander'
import { type CommandContext, ROOT } from '../context.ts'
import { wholeNumber } from '../options.ts'

interface DeployCommandOptions {
  readonly from?: string
  readonly timeout: number
  readonly url?: string
}

export function addDeploy(program: Command, { terminal }: CommandContext): void {
  program
    .command('deploy')
    .description('replace the processes of one role of a running stage by a new version')
    .argument('<role>', 'api, gateway, guilds, notifications, search or voice')
    .option('--from <DIR>', 'the checkout with the new version; this one by default')
    .option(
      '--timeout <S>',
      'how many seconds a new process may take to be ready',
      wholeNumber(1, 600),
      60,
    )
    .option('--url <URL>', 'the address of the stage, if several run on this machine')
    .addHelpText(
      'after',
      `
From stage 3 on. Replaces one process after the other: it starts the new one on the same port, waits
until its /readyz answers 200, and sends SIGTERM to the old one, which hands over its guilds or
sessions. If a new process is not ready in time, it is ended, the old one serves on, and this command
prints the last lines of the new one's log and exits with 1. Processes of the role that were replaced
before it stay on the new version. Ctrl-C does the same to a process that is not ready yet.

Examples:
  npx threshold deploy guilds
  npx threshold deploy api --from ../threshold-next`,
    )
    .action(async (role: string, { from = ROOT, timeout, url }: DeployCommandOptions) => {
      const { deploy, formatReplaced } = await import('../deploy.ts')
      const { unregistered } = await import('../interruption.ts')
      const replaced = await unregistered(terminal, async (interrupted) => {
        using progress = terminal.progress(`deploying ${role}`)
        const options = { role, from, seconds: timeout, url }
        return await deploy(options, progress.step, interrupted)
      })
      terminal.print(replaced.map(formatReplaced).join('\n'))
    })
}
