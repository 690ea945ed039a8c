import { findLab, hasRecording } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import { bareMachine, threshold } from './cli.ts'

describe('start', { timeout: 120_000 }, () => {
  it('plays the recorded run where no engine can be started, and ends with what to install', async () => {
    await using machine = await bareMachine()
    const { code, stdout, stderr } = await threshold(['start', '--no-predict'], {
      env: machine.env,
    })
    expect(stderr).toMatch(/^Stage 1 cannot start here, so there is no chat page\./m)
    expect(stderr).toMatch(/^NO_MONGODB: .*\n(.*\n)+ {2}→ \S.*\n?$/m)
    expect(stdout).not.toContain('ready http')
    expect(code).toBe(1)
    expect(stdout.includes('This is a recorded run of')).toBe(
      await hasRecording(await findLab('1.1')),
    )
  })
})
