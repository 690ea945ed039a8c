import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'

const PRELOAD = new URL('./shifted-clock.mjs', import.meta.url)

/** The clock of one process under test. The rest of the machine is not affected. */
export interface ShiftedClock extends AsyncDisposable {
  /** The environment in which the process has to start. */
  readonly env: Record<string, string>
  /** Shifts the clock by so many milliseconds, now and at later starts of the process. */
  shift(ms: number): Promise<void>
  /** Shifts the clock and waits until the running process has applied it. */
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
      const applied = (): Promise<string> => readFile(`${file}.applied`, 'utf8')
      await vi.waitFor(async () => expect(await applied()).toBe(String(ms)), {
        timeout: 30_000,
        interval: 20,
      })
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
