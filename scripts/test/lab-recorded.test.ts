import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProgress } from '../src/progress.ts'
import { bareMachine, type Folder, temporaryFolder, threshold } from './cli.ts'
import { RECORDED_ENGINE, writeRecording } from './recorded-fixture.ts'

let folder: Folder & { readonly env: NodeJS.ProcessEnv }
let file: string
beforeAll(async () => {
  folder = await bareMachine()
  file = await writeRecording(folder.path)
})
afterAll(() => folder[Symbol.asyncDispose]())

const play = (output: Folder, ...args: readonly string[]) =>
  threshold(['lab', '1.3', '--from', file, ...args], {
    env: { ...folder.env, THRESHOLD_OUTPUT: output.path },
  })

const progressIn = (output: Folder) =>
  readProgress(join(output.path, '.threshold', 'progress.jsonl'))

describe('a recorded run', { timeout: 120_000 }, () => {
  it('plays on a machine without engines and cache, is labelled, and writes its page', async () => {
    await using output = await temporaryFolder()
    const { code, stdout, stderr } = await play(output, '--predict', '1,100')
    const label = `recorded run of 2026-01-02 on ${RECORDED_ENGINE.text}, 2 cores (a CPU), 4 GiB; not measured here`
    expect(stderr).toMatch(/^Lab 1\.3, Blast radius \(recorded run of/)
    expect(stderr).toContain(label)
    expect(stdout).toContain(label)
    expect(stderr).toMatch(/^ +2 {2}●{10} +40 +40 +0 +0$/m)
    expect(stderr).toMatch(/^ +3 {2}×{10} +40 +0 +40 +0$/m)
    expect(stderr.split('\n').length).toBeLessThan(60)
    expect(stdout).toContain(
      'predicted 1, measured 10: within 10×\n   You expect a guild to be isolated.',
    )
    expect(stdout).toMatch(/^next: npx threshold lab 1\.4 --recorded$/m)
    const page = join(output.path, '.threshold', 'recorded', '1.3', 'report.html')
    expect(stdout).toContain(`report: ${page}\n`)
    expect(await readFile(page, 'utf8')).toContain('Blast radius')
    expect(await progressIn(output)).toMatchObject([{ kind: 'ran', lab: '1.3', recorded: true }])
    expect(existsSync(folder.env.THRESHOLD_CACHE!)).toBe(false)
    expect(code).toBe(0)
  })

  it('tells nothing of the answer before the prediction, and after it everything', async () => {
    await using output = await temporaryFolder()
    const { stdout, stderr } = await play(output, '--predict', '1,100')
    const introduction = stderr.slice(0, stderr.indexOf('in time'))
    expect(introduction).not.toMatch(/Everything|takes down every guild|splits an emoji/)
    expect(stdout.indexOf('predicted 1')).toBeLessThan(stdout.indexOf('Hypothesis: Everything'))
    expect(stdout).toMatch(/Why: The push title.*\n {2}stages\/1-monolith-mongodb\/.*push\.ts:\d+ /)
  })

  it('opens the report only where there is a browser, and never fails for it', async () => {
    await using output = await temporaryFolder()
    const env = { ...folder.env, DISPLAY: '', WAYLAND_DISPLAY: '', WSL_DISTRO_NAME: '' }
    const { code, stderr } = await threshold(['lab', '1.3', '--from', file, '--open'], {
      env: { ...env, THRESHOLD_OUTPUT: output.path },
    })
    if (process.platform === 'linux') expect(stderr).toContain('no browser can be opened here')
    expect(code).toBe(0)
  })
})
