import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { appendProgress, progressFile } from '../src/progress.ts'
import { ROOT, temporaryFolder } from './cli.ts'
import { ran } from './progress/entries.ts'
import { runInProcess } from './run-in-process.ts'

/** Prints the chart library's modules that `next` resolves. */
const RESOLVED_CHARTS = `
import { registerHooks } from 'node:module'
const charts = []
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('echarts')) charts.push(specifier)
    return next(specifier, context)
  },
})
const { run } = await import('./scripts/src/program.ts')
await run(['next', '--json'])
process.stderr.write(JSON.stringify(charts))
`

describe('next', () => {
  it('does not load the chart library, which takes half a second', async () => {
    await using output = await temporaryFolder()
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', RESOLVED_CHARTS],
      { cwd: ROOT, env: { ...process.env, NODE_OPTIONS: '', THRESHOLD_OUTPUT: output.path } },
    )
    expect(JSON.parse(stdout)).toMatchObject({ v: 1, lab: '1.1' })
    expect(JSON.parse(stderr)).toEqual([])
  })

  it('is what threshold without a word prints, with one command', async () => {
    await using output = await temporaryFolder()
    const env = { THRESHOLD_OUTPUT: output.path }
    const [bare, next] = [await runInProcess([], env), await runInProcess(['next'], env)]
    expect(bare).toEqual(next)
    expect(bare).toMatchObject({ code: 0, stderr: '' })
    expect(bare.stdout).toMatch(/^0 of \d+ labs done, about \d+ min of runs left$/m)
    expect(bare.stdout).toMatch(/^ {2}npx threshold lab 1\.1( --recorded)?$/m)
  })

  it('follows the progress, and prints JSON for scripts', async () => {
    await using output = await temporaryFolder()
    const env = { THRESHOLD_OUTPUT: output.path }
    const { v: _, at: __, ...run } = ran('1.1', { recorded: true, scores: ['within 2×'] })
    await appendProgress(run, progressFile(env))
    const { code, stdout } = await runInProcess(['next', '--recorded', '--json'], env)
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      done: 1,
      lab: '1.2',
      command: 'npx threshold lab 1.2 --recorded',
      last: 'lab 1.1 (recorded): supported; best prediction: within 2×',
    })
    expect(code).toBe(0)
  })
})
