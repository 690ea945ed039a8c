import { type Command, Option } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'

interface LabOptions {
  readonly quick?: true
  readonly full?: true
  readonly tiny?: true
  readonly predict?: string | boolean
  readonly reason?: string
  readonly twin?: true
  readonly demo?: true
  readonly recorded?: true
  readonly from?: string
  readonly open?: true
  readonly json?: true
}

export function addLab(program: Command, { terminal, setExitCode }: CommandContext): void {
  const list = async ({ json }: LabOptions): Promise<void> => {
    const { loadLabKit } = await import('../lab-kit.ts')
    const { formatLabList, listedLabs } = await import('../progress/lab-list.ts')
    const { readProgress } = await import('../progress.ts')
    const kit = await loadLabKit()
    const labs = listedLabs(await kit.listLabs(), await readProgress())
    terminal.print(json ? JSON.stringify(labs, undefined, 2) : formatLabList(labs))
  }

  const runById = async (id: string, options: LabOptions): Promise<void> => {
    const { json, open, recorded, from, reason, twin, demo, predict = true } = options
    const { findLab, playLab, runLab } = await import('../labs.ts')
    const { exitCodeOf, formatOutcome, jsonOutcome } = await import('../lab-outcome.ts')
    const { interruptible, unregistered } = await import('../interruption.ts')
    const { explainLab } = await import('../explanation.ts')
    const { openPage } = await import('../open-page.ts')
    const { requireOutputFolder } = await import('../preflight.ts')
    const { parseAnswers } = await import('../prediction.ts')
    const lab = await findLab(id)
    if (typeof predict === 'string') await parseAnswers(lab, predict)
    await requireOutputFolder(outputFolder(), 'the report of the lab')
    const size = options.full ? 'full' : options.tiny ? 'tiny' : 'quick'
    const work = async (interrupted: AbortSignal): Promise<void> => {
      const outcome = recorded
        ? await playLab(lab, { predict, reason, file: from, show: !json }, terminal, interrupted)
        : await runLab(lab, { size, predict, reason, twin, demo }, terminal, interrupted)
      const text = json
        ? JSON.stringify(jsonOutcome(outcome), undefined, 2)
        : formatOutcome(outcome)
      terminal.print(text)
      setExitCode(exitCodeOf(outcome))
      if (open && !(await openPage(outcome.reportHtml)))
        terminal.log(`no browser can be opened here; the report is ${outcome.reportHtml}`)
      if (!json && predict !== false) await explainLab(outcome, terminal, interrupted)
    }
    // A recorded run starts no process, so it needs no registry and no cache.
    if (recorded) await unregistered(terminal, work)
    else await interruptible(`lab ${id}`, terminal, work)
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
    .option(
      '--predict <ANSWERS>',
      'your answers to the questions, such as 10,100; "-" passes one, and shares are in percent',
    )
    .option('--no-predict', 'do not ask for a prediction before the run')
    .option('--reason <TEXT>', 'one sentence that says why you predict so')
    .addOption(
      new Option(
        '--recorded',
        'play the recorded run of the lab: needs no engine and measures nothing here',
      ).conflicts(['quick', 'full', 'tiny', 'twin', 'demo']),
    )
    .addOption(
      new Option(
        '--from <FILE>',
        "play this report.json, such as a colleague's, instead of the lab's recording",
      ).implies({ recorded: true }),
    )
    .addOption(
      new Option(
        '--twin',
        'run the negative control: one change, with which the lab must be refuted',
      ).conflicts(['demo', 'recorded']),
    )
    .addOption(
      new Option(
        '--demo',
        'run on a busy machine too, show the counts and pictures, and give no verdict',
      ).conflicts(['twin', 'recorded']),
    )
    .option('--open', 'open the report in the browser when it is written')
    .option('--json', 'print the outcome as JSON, and nothing else, on stdout')
    .addHelpText(
      'after',
      `
It asks for your prediction first, in a terminal only. The hypothesis, the figures and the reason why
come after the run. Reports and raw samples are kept in .threshold/evidence, and the page of a
recorded run in .threshold/recorded.

Exits with 0 when the hypothesis is supported, 10 when refuted, 11 when inconclusive, 12 when it
could not run, and 13 for a demonstration, which has no verdict. With --twin, 0 means that the control
was refuted by the statements that it names, and 10 that it was not. Any other code is a crash.

Examples:
  npx threshold lab list
  npx threshold lab 1.3
  npx threshold lab 1.3 --recorded --predict 1,10 --reason "A guild is isolated."
  npx threshold lab 1.3 --twin
  npx threshold lab 1.1 --full --no-predict --json > outcome.json`,
    )
    .action((id: string, options: LabOptions) =>
      id === 'list' ? list(options) : runById(id, options),
    )
}
