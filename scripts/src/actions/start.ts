import { join } from 'node:path'
import type { StartOptions } from '../commands/start.ts'
import { type Context, REMAINS, ROOT } from '../context.ts'
import { interruptible } from '../interruption.ts'
import { drawOutcome, EXIT_CODES, findLab, runLab } from '../labs.ts'
import { requireStagePorts, requireTree } from '../preflight.ts'
import { serve } from '../serve.ts'
import type { Terminal } from '../terminal.ts'
import { findStage } from '../unknown.ts'
import { stageEnvironment, untilGone } from './stage.ts'

const FIRST_STAGE = '1'
const FIRST_LAB = '1.1'

export async function start(
  { terminal, exitWith }: Context,
  { once, port, predict }: StartOptions,
): Promise<void> {
  await requireTree(join(ROOT, REMAINS), 'the report of the lab')
  if (!once) await requireStagePorts(port)
  await interruptible('start', terminal, async (interrupted) => {
    if (once) return exitWith(await firstLab(terminal, false, interrupted))
    const stage = await findStage(FIRST_STAGE)
    await using served = await serve(
      { stage, port, env: stageEnvironment(undefined) },
      terminal,
      interrupted,
    )
    const { url } = served.process
    terminal.print(`ready ${url}`)
    terminal.say(`stage ${FIRST_STAGE} serves on ${served.engines}; now the first lab\n`)
    await firstLab(terminal, predict, interrupted)
    terminal.print(`\nchat page: ${url}/`)
    terminal.say(
      'Open it in two windows and talk to yourself. Next: npx threshold lab list. Ctrl-C ends all of this.',
    )
    await untilGone(served, interrupted)
  })
}

async function firstLab(
  terminal: Terminal,
  ask: boolean,
  interrupted: AbortSignal,
): Promise<number> {
  const outcome = await runLab(
    await findLab(FIRST_LAB),
    { size: 'quick', ask },
    terminal,
    interrupted,
  )
  terminal.print(drawOutcome(outcome))
  return EXIT_CODES[outcome.verdict]
}
