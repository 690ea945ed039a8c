import { join } from 'node:path'
import type { LabOptions } from '../commands/lab.ts'
import { type Context, REMAINS, ROOT } from '../context.ts'
import { interruptible } from '../interruption.ts'
import { drawLabs, drawOutcome, EXIT_CODES, findLab, labKit, runLab, type Size } from '../labs.ts'
import { requireTree } from '../preflight.ts'

export async function lab(
  { terminal, exitWith }: Context,
  id: string,
  { full, tiny, predict, json }: LabOptions,
): Promise<void> {
  if (id === 'list') {
    const { listLabs } = await labKit()
    const labs = await listLabs()
    return terminal.print(json ? JSON.stringify(labs, undefined, 2) : drawLabs(labs))
  }
  const info = await findLab(id)
  await requireTree(join(ROOT, REMAINS), 'the report of the lab')
  const size: Size = full ? 'full' : tiny ? 'tiny' : 'quick'
  const outcome = await interruptible(`lab ${id}`, terminal, (interrupted) =>
    runLab(info, { size, ask: predict }, terminal, interrupted),
  )
  terminal.print(
    json
      ? JSON.stringify({ v: 1, lab: info.id, size, ...outcome }, undefined, 2)
      : drawOutcome(outcome),
  )
  exitWith(EXIT_CODES[outcome.verdict])
}
