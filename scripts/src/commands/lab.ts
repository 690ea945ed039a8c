import { type Command, Option } from 'commander'
import type { Context } from '../context.ts'

export interface LabOptions {
  readonly quick?: true
  readonly full?: true
  readonly tiny?: true
  readonly predict: boolean
  readonly json?: true
}

export function addLab(program: Command, context: Context): void {
  program
    .command('lab')
    .description('run a lab, or list them: a question, a load, and a verdict that is computed')
    .argument('[ID]', 'the id of a lab, such as 1.1; "list", or nothing, lists them', 'list')
    .addOption(
      new Option(
        '--quick',
        'a first answer, on two cores and in a few minutes (the default)',
      ).conflicts(['full', 'tiny']),
    )
    .addOption(new Option('--full', 'the size for a workshop').conflicts(['quick', 'tiny']))
    .addOption(
      new Option('--tiny', 'a few seconds: shows that the lab works, and settles little').conflicts(
        ['quick', 'full'],
      ),
    )
    .option('--no-predict', 'do not ask what you expect before the run')
    .option('--json', 'print the outcome as JSON, and nothing else, on stdout')
    .addHelpText(
      'after',
      `
Exits with 0 when the hypothesis is supported, 10 when refuted, 11 when inconclusive, 12 when it could not run; with
anything else it crashed. It asks for a prediction only in a terminal. Reports and raw samples are kept in .threshold/evidence.

Examples:
  npx threshold lab list
  npx threshold lab 1.1 --quick
  npx threshold lab 1.1 --full --no-predict --json > outcome.json`,
    )
    .action(async (id: string, options: LabOptions) => {
      const { lab } = await import('../actions/lab.ts')
      await lab(context, id, options)
    })
}
