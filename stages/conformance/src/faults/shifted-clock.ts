import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'

const PRELOAD = new URL('./shifted-clock.mjs', import.meta.url)

/** The clock of one process under test, set from outside. Nothing else on the machine notices. */
export interface ShiftedClock extends AsyncDisposable {
  /** For the environment of the process. */
  readonly env: Record<string, string>
  /** Off by so many milliseconds from now on, and from the process's next start on. */
  shift(ms: number): Promise<void>
  /** The same, and waits until the process that runs goes by it. */
  shiftRunning(ms: number): Promise<void>
}

export async function shiftedClock(): Promise<ShiftedClock> {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-clock-'))
  const file = join(folder, 'shift')
  const shift = (ms: number): Promise<void> => writeFile(file, String(ms))
  await shift(0)
  const preload = new URL(`?${new URLSearchParams({ file })}`, PRELOAD)
  return {
    env: { NODE_OPTIONS: `--import=${preload}` },
    shift,
    async shiftRunning(ms) {
      await shift(ms)
      const seen = (): Promise<string> => readFile(`${file}.seen`, 'utf8')
      await vi.waitFor(async () => expect(await seen()).toBe(String(ms)), {
        timeout: 30_000,
        interval: 20,
      })
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
