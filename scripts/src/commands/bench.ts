import type { Command } from 'commander'
import type { BenchOptions } from '../benches.ts'
import type { CommandContext } from '../context.ts'

export function addBench(program: Command, { terminal }: CommandContext): void {
  program
    .command('bench')
    .description(
      'measure ratios to peers, interleaved in one run; without a name, list the benches',
    )
    .argument('[NAME]', 'the name of a bench')
    .option('--publish', 'write the result into labs/bench/README.md, the page in the docs')
    .addHelpText('after', '\nA bench is a file in labs/bench.\n\nExample:\n  npx threshold bench')
    .action(async (name: string | undefined, options: BenchOptions) => {
      const { BENCH_FOLDER, findBench, formatBenches, listBenches } = await import('../benches.ts')
      if (name === undefined) return terminal.print(formatBenches(await listBenches()))
      const { interruptible, unlessInterrupted } = await import('../interruption.ts')
      const { requireOutputFolder } = await import('../preflight.ts')
      const bench = await findBench(name)
      if (options.publish) await requireOutputFolder(BENCH_FOLDER, 'the result')
      const result = await interruptible(`bench ${name}`, terminal, async (interrupted) => {
        using progress = terminal.progress(bench.title)
        return await unlessInterrupted(interrupted, bench.run(progress.step, options))
      })
      terminal.print(result)
    })
}
