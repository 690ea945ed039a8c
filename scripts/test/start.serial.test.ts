import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { allTests } from '@threshold/engines/testing'
import { describe, expect, it, vi } from 'vitest'
import { startCommand, temporaryCache, temporaryFolder } from './cli.ts'

/** The wait for a calm machine, and a demonstration where the lab has no recorded run. */
const TIMEOUT_MS = 420_000

describe.runIf(allTests())('start on a busy machine (runs with --all)', () => {
  it('says who is busy, shows the lab all the same, and serves the chat page', {
    timeout: TIMEOUT_MS,
  }, async () => {
    await using cache = await temporaryCache()
    await using output = await temporaryFolder()
    const burners = Array.from({ length: availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }),
    )
    try {
      await using command = startCommand(['start', '--no-predict'], {
        env: { ...cache.env, THRESHOLD_OUTPUT: output.path },
      })
      await vi.waitFor(() => expect(command.stdout()).toContain('chat page: http'), {
        timeout: TIMEOUT_MS,
        interval: 500,
      })
      expect(command.stdout()).toMatch(/this machine is busy: .*busiest: .*node/s)
      expect(command.stdout()).toMatch(/This is a recorded run of|verdict: none/)
      const [, url] = /chat page: (http\S+)/.exec(command.stdout())!
      expect((await fetch(url!)).status).toBe(200)
      command.child.kill('SIGINT')
      expect((await command.finished).code).toBe(0)
    } finally {
      for (const burner of burners) burner.kill('SIGKILL')
      await Promise.all(burners.map((burner) => once(burner, 'exit')))
    }
  })
})
