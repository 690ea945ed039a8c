import { afterEach, describe, expect, it, vi } from 'vitest'
import { unregistered } from '../src/interruption.ts'
import type { Terminal } from '../src/terminal.ts'

/** An interruption only logs. */
const silent = { log: () => {} } as unknown as Terminal

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('an interrupted command', () => {
  it('that has closed in time does not end the process later', async () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const work = unregistered(silent, async (interrupted) => {
      process.emit('SIGTERM')
      interrupted.throwIfAborted()
    })
    await expect(work).rejects.toMatchObject({ exitCode: 143 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(exit).not.toHaveBeenCalled()
  })
})
