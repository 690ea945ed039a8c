import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { bareMachine, threshold } from './cli.ts'

describe('prefetch', { timeout: 120_000 }, () => {
  it('tells of each thing whether it is here, and why one could not be had; what fails keeps nothing else from being tried', async () => {
    await using machine = await bareMachine()
    const { code, stdout, stderr } = await threshold(['prefetch'], { env: machine.env })
    const row = (name: string): string =>
      stdout.split('\n').find((line) => line.startsWith(name)) ?? ''
    expect(row('What')).toMatch(/^What +State +Why$/)
    expect(row('the image mongo')).toMatch(/ skipped +the Docker daemon does not answer at /)
    expect(row('mongod ')).toMatch(/ skipped +http:\/\/127\.0\.0\.1:9 cannot be reached/)
    expect(stdout).toMatch(/^SecantusDB \S+ \(Python\) +skipped +no python3 on PATH$/m)
    expect(stdout).toMatch(/^SecantusDB \S+ \(Rust\) +skipped +no cargo on PATH$/m)
    // Wanted on this system and not to be had is a failure; not wanted is none.
    expect(code).toBe(stdout.includes(' FAILED ') ? 1 : 0)
    // Each is named while it is looked for.
    expect(stderr).toMatch(/^mongod \S+ \(\d+ of \d+\)$/m)
    // Nothing half installed, and no command that still counts as running.
    expect(await readdir(`${machine.path}/cache/run`)).toEqual([])
  })
})
