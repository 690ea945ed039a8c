import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { wholeNumber } from '../options.ts'

const DEFAULT_PORT = 3_010

export function addDocs(program: Command, { terminal }: CommandContext): void {
  program
    .command('docs')
    .description('read the docs: build the site from this clone and serve it on this machine')
    .option(
      '--port <P>',
      `the port to listen on; ${DEFAULT_PORT} by default, 0 for any free one`,
      wholeNumber(0, 65_535),
    )
    .addHelpText(
      'after',
      `
The first run fetches the site's own packages (about 580 MB on disk). After that no network is
needed, neither to build the site nor to read it. Prints "ready http://127.0.0.1:P" when it serves;
Ctrl-C ends it.

Examples:
  npx threshold docs
  npx threshold docs --port 0`,
    )
    .action(async (options: { port?: number }) => {
      const { freePort } = await import('@threshold/engines')
      const { DOCS_FOLDER } = await import('../docs-packages.ts')
      const { buildSite, serveSite } = await import('../docs-site.ts')
      const { interruptible, unlessInterrupted } = await import('../interruption.ts')
      const { requireOutputFolder, requirePort } = await import('../preflight.ts')
      const port = options.port === 0 ? await freePort() : (options.port ?? DEFAULT_PORT)
      await requirePort({ port, source: '--port' })
      await requireOutputFolder(DOCS_FOLDER, 'the docs site')
      await interruptible('docs', terminal, async (interrupted) => {
        {
          using progress = terminal.progress('checking the packages of the docs site')
          await unlessInterrupted(interrupted, buildSite(progress.step))
        }
        await serveSite(port, interrupted, () => terminal.print(`ready http://127.0.0.1:${port}`))
      })
    })
}
