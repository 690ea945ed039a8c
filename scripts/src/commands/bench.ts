import type { Command } from 'commander'
import type { BenchOptions } from '../actions/bench.ts'
import type { Context } from '../context.ts'

export function addBench(program: Command, context: Context): void {
  program
    .command('bench')
    .description(
      'ratios against peers, interleaved in one run; without a name, what there is to run',
    )
    .argument('[NAME]', 'the name of a bench')
    .option('--publish', 'write the result into labs/bench/README.md, the page in the docs')
    .addHelpText('after', '\nA bench is a file in labs/bench.\n\nExample:\n  npx threshold bench')
    .action(async (name: string | undefined, options: BenchOptions) => {
      const { bench } = await import('../actions/bench.ts')
      await bench(context, name, options)
    })
}
