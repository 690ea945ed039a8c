import { type Command, Option } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'

interface LabOptions {
  readonly quick?: true
  readonly full?: true
  readonly tiny?: true
  readonly predict: boolean
  readonly json?: true
}

export function addLab(program: Command, { terminal, setExitCode }: CommandContext): void {
  const list = async ({ json }: LabOptions): Promise<void> => {
    const { formatLabs, loadLabKit } = await import('../labs.ts')
    const kit = await loadLabKit()
    const labs = await kit.listLabs()
    terminal.print(json ? JSON.stringify(labs, undefined, 2) : formatLabs(labs))
  }

  const runById = async (id: string, { full, tiny, predict, json }: LabOptions): Promise<void> => {
    const { findLab, formatOutcome, runLab, VERDICT_EXIT } = await import('../labs.ts')
    const { interruptible } = await import('../interruption.ts')
    const { requireOutputFolder } = await import('../preflight.ts')
    const lab = await findLab(id)
    await requireOutputFolder(outputFolder(), 'the report of the lab')
    const size = full ? 'full' : tiny ? 'tiny' : 'quick'
    const outcome = await interruptible(`lab ${id}`, terminal, (interrupted) =>
      runLab(lab, { size, predict }, terminal, interrupted),
    )
    terminal.print(
      json
        ? JSON.stringify({ v: 1, lab: lab.id, size, ...outcome }, undefined, 2)
        : formatOutcome(outcome),
    )
    setExitCode(VERDICT_EXIT[outcome.verdict])
  }

  program
    .command('lab')
    .description('run a lab, or list them: a question, a load, and a verdict that is computed')
    .argument('[ID]', 'the id of a lab, such as 1.1; "list", or no id, lists the labs', 'list')
    .addOption(
      new Option(
        '--quick',
        'a first answer, on two cores and in a few minutes (the default)',
      ).conflicts(['full', 'tiny']),
    )
    .addOption(new Option('--full', 'the size for a workshop').conflicts(['quick', 'tiny']))
    .addOption(
      new Option(
        '--tiny',
        'a few seconds: shows that the lab works, and is too short for a reliable verdict',
      ).conflicts(['quick', 'full']),
    )
    .option('--no-predict', 'do not ask for a prediction before the run')
    .option('--json', 'print the outcome as JSON, and nothing else, on stdout')
    .addHelpText(
      'after',
      `
Exits with 0 when the hypothesis is supported, 10 when refuted, 11 when inconclusive, 12 when it
could not run. Any other code is a crash. It asks for a prediction only in a terminal. Reports and
raw samples are kept in .threshold/evidence.

Examples:
  npx threshold lab list
  npx threshold lab 1.1 --quick
  npx threshold lab 1.1 --full --no-predict --json > outcome.json`,
    )
    .action((id: string, options: LabOptions) =>
      id === 'list' ? list(options) : runById(id, options),
    )
}
