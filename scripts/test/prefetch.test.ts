import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { bareMachine, threshold } from './cli.ts'

describe('prefetch', { timeout: 120_000 }, () => {
  it('lists the state of each item, with the reason when it was not fetched, and goes on after a failure', async () => {
    await using machine = await bareMachine()
    const { code, stdout, stderr } = await threshold(['prefetch'], { env: machine.env })
    const row = (name: string): string =>
      stdout.split('\n').find((line) => line.startsWith(name)) ?? ''
    expect(row('What')).toMatch(/^What +State +Why$/)
    expect(row('the image mongo')).toMatch(/ skipped +the Docker daemon does not answer at /)
    expect(row('mongod ')).toMatch(/ skipped +http:\/\/127\.0\.0\.1:9 cannot be reached/)
    expect(stdout).toMatch(/^SecantusDB \S+ \(Python\) +skipped +no python3 on PATH$/m)
    expect(stdout).toMatch(/^SecantusDB \S+ \(Rust\) +skipped +no cargo on PATH$/m)
    expect(stdout).toMatch(/^NATS \S+ +skipped +no python3 on PATH, and no go to build it$/m)
    // An item that this system needs and cannot fetch is a failure. A skipped one is not.
    expect(code).toBe(stdout.includes(' FAILED ') ? 1 : 0)
    // Progress names each item.
    expect(stderr).toMatch(/^mongod \S+ \(\d+ of \d+\)$/m)
    // The registry is empty: no install and no command counts as running.
    expect(await readdir(`${machine.path}/cache/run`)).toEqual([])
  })
})
