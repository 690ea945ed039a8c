import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function addBench(program: Command, context: Context): void {
  program
    .command('bench')
    .description('ratios against peers, interleaved in one run; without a name, what there is to run')
    .argument('[NAME]', 'the name of a bench')
    .addHelpText('after', '\nA bench is a file in labs/bench.\n\nExample:\n  npx threshold bench')
    .action(async (name: string | undefined) => {
      const { bench } = await import('../actions/bench.ts')
      await bench(context, name)
    })
}
