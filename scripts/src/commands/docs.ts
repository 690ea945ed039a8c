import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { wholeNumber } from '../options.ts'

export interface DocsOptions {
  readonly port?: number
}

export function addDocs(program: Command, context: Context): void {
  program
    .command('docs')
    .description('read the docs: the site is built from this tree and served on this machine alone')
    .option(
      '--port <P>',
      'where it listens; 3010 without it, 0 for any free one',
      wholeNumber(0, 65_535),
    )
    .addHelpText(
      'after',
      `
The first time, the site's own packages are fetched (about 580 MB on disk). After that no network is needed, neither to
build it nor to read it. Prints "ready http://127.0.0.1:P" when it serves; Ctrl-C ends it.

Examples:
  npx threshold docs
  npx threshold docs --port 0`,
    )
    .action(async (options: DocsOptions) => {
      const { docs } = await import('../actions/docs.ts')
      await docs(context, options)
    })
}
