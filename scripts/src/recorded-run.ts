import { setTimeout as sleep } from 'node:timers/promises'
import type { Report } from '@threshold/lab-kit'
import { formatRow, gridHead, gridOf, LEGEND } from './guild-grid.ts'
import type { KeyListener } from './prompt.ts'
import { bold, dim, type Terminal } from './terminal.ts'

/** An arm takes at most this long, and a row no longer than the second. */
const ARM_MS = 4_000
const ROW_MS = 350

/**
 * Shows the last round of a recorded run, arm after arm and second by second. In an interactive
 * terminal the rows appear one after the other until a key is pressed; elsewhere all at once.
 */
export async function showRecordedRun(
  report: Report,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<void> {
  if (!terminal.interactive) return await showArms(report, terminal, async () => {})
  terminal.log(dim('Any key shows the rest at once.'))
  using key = terminal.listenForKey()
  await showArms(report, terminal, (ms) => pause(ms, key, interrupted))
}

async function showArms(
  { arms, samples }: Report,
  terminal: Terminal,
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  const round = Math.max(...samples.map((sample) => sample.round))
  terminal.log(`\n${LEGEND}`)
  for (const { name, title, stage, stageTitle, fault } of arms) {
    const sample = samples.find((each) => each.arm === name && each.round === round)
    if (sample === undefined) continue
    const rows = gridOf(sample)
    terminal.log(`\n${bold(title)} (stage ${stage}, ${stageTitle})`)
    if (fault !== undefined) terminal.log(fault)
    if (rows.length === 0) {
      terminal.log('This arm sends no messages; its figures follow.')
      continue
    }
    terminal.log(dim(gridHead(rows)))
    for (const row of rows) {
      await wait(Math.min(ROW_MS, ARM_MS / rows.length))
      terminal.log(formatRow(row, rows))
    }
  }
  terminal.log('')
}

/** @throws the signal's reason if the command is interrupted */
async function pause(ms: number, key: KeyListener, interrupted: AbortSignal): Promise<void> {
  interrupted.throwIfAborted()
  if (key.pressed.aborted) return
  const signal = AbortSignal.any([interrupted, key.pressed])
  await sleep(ms, undefined, { signal }).catch(() => {})
  interrupted.throwIfAborted()
}
