import { spawn } from 'node:child_process'
import { once } from 'node:events'
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

  it('leaves the channel to its parent as it was', async () => {
    const source = `
      import { unregistered } from ${JSON.stringify(import.meta.resolve('../src/interruption.ts'))}
      process.on('message', () => process.send('answer', () => process.disconnect()))
      await unregistered({ log() {} }, async () => {})
      process.send('ready')`
    const args = ['--input-type=module', '--eval', source]
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    const child = spawn(process.execPath, args, { stdio: [...stdio] })
    await using _ = { [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') }
    const messages: unknown[] = []
    child.on('message', (message) => {
      messages.push(message)
      // A process whose channel does not keep it alive ends before the question comes.
      if (message === 'ready') setTimeout(() => child.connected && child.send('question'), 500)
    })
    const [code] = await once(child, 'exit')
    expect({ code, messages }).toEqual({ code: 0, messages: ['ready', 'answer'] })
  })
})
