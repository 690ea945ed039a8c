import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type StageProcess, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flawedStage } from './flawed-stage.ts'

const command = fileURLToPath(import.meta.resolve('@threshold/conformance/run'))

const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { maxBuffer: 1 << 26 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

const use = new AsyncDisposableStack()
let stage: StageProcess
beforeAll(async () => {
  const { uri } = use.use(await leaseDatabase())
  stage = use.use(await startStage({ stage: 1, engineUri: uri }))
})
afterAll(() => use.disposeAsync())

describe.concurrent('the conformance command', { timeout: 120_000 }, () => {
  it('lists the cases without a stage', async () => {
    const { code, out } = await run('--list', '--only', 'rest.messages.page')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^rest\.messages\.page\.around: A page around a message holds it in its middle$/m,
    )
    expect(out).not.toMatch(/^gateway/m)
  })

  it('rejects invalid arguments and shows the usage', async () => {
    const invalidArguments = [
      [],
      ['nonsense'],
      ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
      ['--such', 'http://127.0.0.1:1'],
    ]
    for (const { code, err } of await Promise.all(invalidArguments.map((args) => run(...args)))) {
      expect(code).toBe(2)
      expect(err).toMatch(/run\.ts http:\/\/127\.0\.0\.1:PORT/)
    }
    expect((await run(stage.url, '--only', 'rest.no-such-case')).err).toMatch(
      /no case begins with rest\.no-such-case/,
    )
    expect((await run(stage.url, '--jobs', 'many')).err).toMatch(/--jobs takes a number/)
  })

  it('reports that nothing answers at the address', async () => {
    const { code, err } = await run('http://127.0.0.1:59')
    expect(code).toBe(2)
    expect(err).toMatch(/nothing answers at http:\/\/127\.0\.0\.1:59/)
  })

  it('passes a conforming stage, and names the cases that could not be tried', async () => {
    const { code, out } = await run(
      stage.url,
      '--only',
      'rest.users',
      '--only',
      'rest.rate',
      '--only',
      'gateway.ready',
    )
    expect(out).toMatch(/✓ rest\.users\.me/)
    expect(out).toMatch(
      /· rest\.rate\.of-one-user {2}not tried: needs the address of the same stage started with a/,
    )
    expect(out).toMatch(/0 failed, 2 not tried/)
    expect(code).toBe(0)
  })

  it('fails a flawed stage, with a transcript that contains no token', async () => {
    await using flawed = await flawedStage(stage.url, {
      serverFrames: (frame) => [frame.replaceAll('"private_channels"', '"channels"')],
    })
    const { code, out } = await run(flawed.url, '--only', 'gateway.ready')
    expect(code).toBe(1)
    expect(out).toMatch(/✗ gateway\.ready .*\n +gateway\.ready: READY lacks private_channels/)
    expect(out).toMatch(/bob +← \{"t":"READY"/)
    expect(out).toMatch(/"token":"\[token\]"/)
    expect(out).not.toMatch(/"token":"[^[]/)
  })

  it('prints a line of JSON for each case with --json', async () => {
    const { code, out } = await run(
      stage.url,
      '--only',
      'workshop.healthz',
      '--only',
      'workshop.users',
      '--json',
    )
    const lines = out.trim().split('\n')
    const outcomes = lines.map((line) => JSON.parse(line) as { id: string; kind: string })
    expect(outcomes.map(({ id, kind }) => `${id} ${kind}`).toSorted()).toEqual([
      'workshop.healthz passed',
      'workshop.users.create passed',
      'workshop.users.foreign-page passed',
      'workshop.users.invalid passed',
      'workshop.users.namesakes passed',
      'workshop.users.off not-tried',
    ])
    expect(code).toBe(0)
  })
})
