import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { guideOf, type Report } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import { appendProgress, progressFile, readProgress } from '../../src/progress.ts'
import { ROOT, temporaryFolder } from '../cli.ts'
import { runInProcess } from '../run-in-process.ts'
import { ran } from './entries.ts'
import { reportOf } from './saved-report.ts'

/** An empty output folder with a command line that uses it. */
async function learner() {
  const output = await temporaryFolder()
  const env = { THRESHOLD_OUTPUT: output.path }
  let saved = 0
  return {
    ...output,
    run: (...args: string[]) => runInProcess(args, env),
    runWith: (more: Readonly<Record<string, string>>, ...args: string[]) =>
      runInProcess(args, { ...env, ...more }),
    progress: () => readProgress(progressFile(env)),
    async ran(...args: Parameters<typeof ran>) {
      const { v: _, at: __, ...entry } = ran(...args)
      await appendProgress(entry, progressFile(env))
    },
    /** Saves a report as a run does, and returns its page. */
    async saved(name: string, report: Report) {
      const dir = join(output.path, '.threshold', 'evidence', name)
      await mkdir(dir, { recursive: true })
      await writeFile(join(dir, 'report.json'), JSON.stringify(report))
      const html = join(dir, 'report.html')
      await writeFile(html, '')
      // File systems round times, so each page gets a second of its own.
      saved += 1
      await utimes(html, saved, saved)
      return html
    },
  }
}

describe('hint', () => {
  it('says more at each call, and is remembered', async () => {
    await using alone = await learner()
    const { hints } = await guideOf('1.3')
    for (const level of [1, 2, 3, 3]) {
      const { code, stdout } = await alone.run('hint', '1.3')
      expect(stdout).toBe(`Hint ${level} of 3, lab 1.3, Blast radius\n${hints[level - 1]}\n`)
      expect(code).toBe(0)
    }
    expect(await alone.progress()).toMatchObject(
      [1, 2, 3, 3].map((level) => ({ kind: 'hint', lab: '1.3', level })),
    )
    expect((await alone.run('hint', '1.4')).stdout).toContain('Hint 1 of 3')
  })

  it('gives the level that is asked for', async () => {
    await using alone = await learner()
    expect((await alone.run('hint', '1.3', '--level', '3')).stdout).toContain('Hint 3 of 3')
    expect(await alone.run('hint', '1.3', '--level', '4')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('whole number from 1 to 3'),
    })
  })
})

describe('why', () => {
  it('is refused before a run, with the next step', async () => {
    await using alone = await learner()
    await alone.ran('1.3', { verdict: 'could-not-run' })
    await alone.ran('1.3', { control: true, verdict: 'refuted' })
    const { code, stdout, stderr } = await alone.run('why', '1.3')
    expect(stderr).toMatch(/^NOT_RUN_YET: .*\n {2}→ npx threshold lab 1\.3/)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it.each<{ when: string; changes: Parameters<typeof ran>[1]; flags: string[] }>([
    { when: 'after a run', changes: {}, flags: [] },
    { when: 'after a recorded run was played', changes: { recorded: true }, flags: [] },
    { when: 'with --spoil', changes: { verdict: 'could-not-run' }, flags: ['--spoil'] },
  ])('is told $when, with the line of code', async ({ changes, flags }) => {
    await using alone = await learner()
    await alone.ran('1.3', changes)
    const { code, stdout } = await alone.run('why', '1.3', ...flags)
    const { why } = await guideOf('1.3')
    expect(stdout).toContain(why)
    const [, file = '', line] = /^(\S+\.ts):(\d+)$/m.exec(stdout) ?? []
    const source = (await readFile(join(ROOT, file), 'utf8')).split('\n')[Number(line) - 1]
    expect(stdout).toContain(`\n  ${source?.trim()}\n`)
    expect(code).toBe(0)
  })
})

describe('history', () => {
  it('lists the runs, newest last, with the engine of their reports', async () => {
    await using alone = await learner()
    await alone.saved('1.1-now', reportOf())
    await alone.ran('1.1', { evidence: '1.1-now', scores: ['within 2×', 'exact'] })
    await alone.ran('1.3', { recorded: true, verdict: 'supported' })
    const { stdout } = await alone.run('history')
    const [head, first, second] = stdout.split('\n')
    expect(head).toMatch(/^When +Lab +Run +Verdict +Predictions +Engine$/)
    expect(first).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d +1\.1 +quick +supported +within 2×, exact +MongoDB 8/,
    )
    expect(second).toMatch(/ 1\.3 +recorded +supported +– +its evidence is gone$/)
    const json = JSON.parse((await alone.run('history', '--json')).stdout)
    expect(json).toMatchObject({ v: 1, runs: [{ lab: '1.1' }, { lab: '1.3', engine: null }] })
  })

  it('of nothing names the next step', async () => {
    await using alone = await learner()
    expect((await alone.run('history')).stdout).toContain('npx threshold')
  })
})

describe('compare', () => {
  it('prints the claimed figures of two runs side by side, and says what else differs', async () => {
    await using alone = await learner()
    const report = reportOf()
    const machine = { ...report.environment, text: 'another machine' }
    await alone.saved('1.1-a', report)
    await alone.saved('1.1-b', { ...report, environment: machine })
    const { code, stdout } = await alone.run('compare', '1.1-a', '1.1-b')
    expect(stdout).toMatch(/^Ten times the load +late at most 1% +0%, 2% +0%, 2%$/m)
    expect(stdout).toMatch(/^same engine: MongoDB 8/m)
    expect(stdout).toMatch(/^machine differs: first .*; second another machine$/m)
    expect(stdout).toMatch(/^same code: stage 1 /m)
    expect(code).toBe(0)
  })

  it('takes the last two runs of the lab that ran last', async () => {
    await using alone = await learner()
    for (const name of ['1.1-a', '2.1-a', '1.1-b']) await alone.saved(name, reportOf())
    const { stderr } = await alone.run('compare')
    expect(stderr).toMatch(/^first: 1\.1-a\nsecond: 1\.1-b$/m)
  })

  it('takes the recorded run of a lab', async () => {
    await using alone = await learner()
    await alone.saved('1.1-a', reportOf())
    await alone.saved('../recorded/1.1', reportOf({ recorded: true }))
    const { stdout, stderr } = await alone.run('compare', '1.1-recorded', '1.1-a')
    expect(stderr).toMatch(/^first: 1\.1-recorded\nsecond: 1\.1-a$/m)
    expect(stdout).toMatch(/^size differs: first quick, recorded; second quick$/m)
  })

  it.each([
    { code: 'UNKNOWN_RUN', args: ['1.1-a', '1.1-z'], exit: 2 },
    { code: 'SAME_RUN', args: ['1.1-a', '1.1-a'], exit: 1 },
    { code: 'DIFFERENT_LABS', args: ['1.1-a', '1.3-a'], exit: 1 },
    { code: 'OTHER_FORMAT', args: ['1.1-a', '1.1-old'], exit: 1 },
  ])('rejects $args with $code and the next step', async ({ code, args, exit }) => {
    await using alone = await learner()
    const report = reportOf()
    await alone.saved('1.1-a', report)
    await alone.saved('1.3-a', { ...report, lab: { ...report.lab, id: '1.3' } })
    await alone.saved('1.1-old', { ...report, v: 1 } as unknown as Report)
    const result = await alone.run('compare', ...args)
    expect(result.stderr).toMatch(new RegExp(`^${code}: .*\\n {2}→ `))
    expect(result.code).toBe(exit)
  })
})

describe('report', () => {
  it('prints the path of the newest page', async () => {
    await using alone = await learner()
    const first = await alone.saved('1.3-a', reportOf())
    const second = await alone.saved('1.1-a', reportOf())
    expect((await alone.run('report')).stdout).toBe(`${second}\n`)
    expect((await alone.run('report', '1.3')).stdout).toBe(`${first}\n`)
  })

  // Other systems always have a desktop.
  it.runIf(process.platform === 'linux')(
    'says that no browser can be opened, and does not fail for it',
    async () => {
      await using alone = await learner()
      const page = await alone.saved('1.3-a', reportOf())
      const none = { DISPLAY: '', WAYLAND_DISPLAY: '', WSL_DISTRO_NAME: '' }
      const { code, stdout, stderr } = await alone.runWith(none, 'report', '--open')
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${page}\n` })
      expect(stderr).toContain('no browser can be opened here')
    },
  )

  it('names the lab to run when there is none', async () => {
    await using alone = await learner()
    const { code, stderr } = await alone.run('report', '1.3')
    expect(stderr).toMatch(/^NO_REPORT: .*\n {2}→ npx threshold lab 1\.3\n$/)
    expect(code).toBe(1)
  })
})

describe('progress', () => {
  it('shows each lab', async () => {
    await using alone = await learner()
    await alone.ran('1.3', { verdict: 'refuted', scores: ['within 10×'] })
    await alone.run('hint', '1.3')
    await alone.ran('1.4', { recorded: true })
    const { stdout } = await alone.run('progress')
    expect(stdout).toMatch(/^1\.3 +Blast radius +refuted +within 10× +1 +1 +–$/m)
    expect(stdout).toMatch(/^1\.4 +Event loop +played +– +1 +0 +–$/m)
  })

  it('is exported without paths, and says what the export contains', async () => {
    await using alone = await learner()
    await alone.ran('1.3', { evidence: '/home/ada/clone/.threshold/evidence/1.3-x' })
    const file = join(alone.path, 'progress.json')
    const { code, stdout, stderr } = await alone.run('progress', 'export', file)
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain('/home')
    expect(JSON.parse(text)).toMatchObject({ v: 1, entries: [{ lab: '1.3', evidence: '1.3-x' }] })
    expect(stderr).toMatch(/^exported 1 run, 0 hints, 0 explanations: .*no host name, no path$/m)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })

    const again = await alone.run('progress', 'export', file)
    expect(again.stderr).toMatch(/^FILE_EXISTS: /)
    expect(JSON.parse((await alone.run('progress', 'export')).stdout).entries).toHaveLength(1)
  })
})
