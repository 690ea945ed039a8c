import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readProgress } from '../src/progress.ts'
import { type Folder, temporaryFolder } from './cli.ts'
import { recordedReport, writeRecording } from './recorded-fixture.ts'
import { runInProcess } from './run-in-process.ts'
import { CTRL_C, type Script, scriptedTerminal } from './scripted-terminal.ts'

let folder: Folder
let file: string
beforeAll(async () => {
  folder = await temporaryFolder()
  file = await writeRecording(folder.path)
})
afterAll(() => folder[Symbol.asyncDispose]())

const progress = () => readProgress(join(folder.path, '.threshold', 'progress.jsonl'))
const entriesSince = async (before: number) => (await progress()).slice(before)

const lab = async (args: readonly string[], script?: Script) => {
  const terminal = script === undefined ? undefined : scriptedTerminal(script)
  const finished = await runInProcess(
    ['lab', '1.3', ...args],
    { THRESHOLD_OUTPUT: folder.path },
    terminal,
  )
  return { ...finished, transcript: terminal?.transcript ?? [], left: terminal?.remaining }
}

describe('a prediction at the prompts', () => {
  let before = 0
  beforeEach(async () => {
    before = (await progress()).length
  })

  it('is asked question by question, with unit and range, and then a reason', async () => {
    const { code, transcript, left } = await lab(['--from', file], {
      typed: ['ten', '11', '1', 'pass', 'A guild is isolated.', 'They share a process.'],
    })
    expect(transcript.join('\n')).toMatch(
      /1 of 2: One user.*go down\?\n\? Your answer, a number from 0 to 10, or pass:\n> ten\n“ten” is no number.*\n.*\n> 11\n11 is out of range.*\n.*\n> 1\n\n2 of 2: .*\n.*\n> pass\n\? Why\? One sentence:\n> A guild is isolated\./,
    )
    expect({ code, left }).toEqual({ code: 0, left: [] })
    expect(await entriesSince(before)).toMatchObject([
      { kind: 'ran', answers: [1, null], reason: 'A guild is isolated.' },
      { kind: 'explained', lab: '1.3', text: 'They share a process.' },
    ])
  })

  it('is committed before anything gives the answer away', async () => {
    const { transcript } = await lab(['--from', file], { typed: ['1', '10', 'So.', ''] })
    const reason = transcript.indexOf('> So.')
    const [before, after] = [transcript.slice(0, reason), transcript.slice(reason)]
    const report = await recordedReport()
    const answers = [report.lab.hypothesis, 'A name that is cut', 'guilds down is', 'UTF-16']
    for (const answer of answers) {
      expect(before.join('\n')).not.toContain(answer)
      expect(after.join('\n')).toContain(answer)
    }
  })

  it('asks no reason if every question is passed, and an empty explanation is not kept', async () => {
    const { transcript } = await lab(['--from', file], { typed: ['-', 'pass', ''] })
    expect(transcript).not.toContainEqual(expect.stringContaining('Why? One sentence'))
    expect(await entriesSince(before)).toMatchObject([{ scores: ['passed', 'passed'] }])
    expect(await entriesSince(before)).toHaveLength(1)
  })

  it('is not asked with --no-predict or --predict', async () => {
    const none = await lab(['--from', file, '--no-predict'], {})
    expect(none.transcript).not.toContainEqual(expect.stringMatching(/^\?/))
    expect(none.transcript.join('\n')).toContain('1. One user')
    const given = await lab(['--from', file, '--predict', '1,1'], { typed: [''] })
    expect(given.transcript.filter((line) => line.startsWith('?'))).toEqual(['? In one sentence:'])
  })

  it.each([
    ['the first question', [CTRL_C], 0],
    ['the second question', ['1', CTRL_C], 0],
    ['the reason', ['1', '1', CTRL_C], 0],
    ['the explanation', ['1', '1', 'So.', CTRL_C], 1],
  ] as const)('ends at %s by Ctrl-C, without an error', async (_, typed, entries) => {
    const { code, transcript, left } = await lab(['--from', file], { typed })
    expect({ code, left }).toEqual({ code: 130, left: [] })
    expect(transcript.join('\n')).not.toMatch(/CRASHED|Error/)
    expect(await entriesSince(before)).toHaveLength(entries)
  })

  it('plays until a signal ends it, and then shows no outcome', async () => {
    const { code, transcript } = await lab(['--from', file, '--no-predict'], {
      key: false,
      onLine: (line) => {
        if (/^ +1 {2}●/.test(line)) process.kill(process.pid, 'SIGTERM')
      },
    })
    expect(code).toBe(143)
    expect(transcript.join('\n')).not.toMatch(/^ +6 {2}|verdict/m)
    expect(await entriesSince(before)).toEqual([])
  })
})

/** In the recorded run all ten guilds go down and all hundred sockets are dropped. */
const SCORED = [
  { predict: '10,100', scores: ['exact', 'exact'] },
  { predict: '5,50', scores: ['within 2×', 'within 2×'] },
  { predict: '4,49', scores: ['within 10×', 'within 10×'] },
  { predict: '1,10', scores: ['within 10×', 'within 10×'] },
  { predict: '10,9', scores: ['exact', 'beyond 10×'] },
  { predict: '0,0', scores: ['wrong direction', 'wrong direction'] },
  { predict: '-,pass', scores: ['passed', 'passed'] },
] as const

describe('a prediction on the command line', () => {
  it.each(SCORED)('$predict is scored as $scores', async ({ predict, scores }) => {
    const before = (await progress()).length
    const { code, stdout } = await lab([
      '--from',
      file,
      '--json',
      '--predict',
      predict,
      '--reason',
      'So.',
    ])
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      lab: '1.3',
      recorded: true,
      verdict: 'supported',
      prediction: { scores, reason: 'So.' },
      sentence: expect.stringMatching(/^One name took down 10 of 10 guilds/),
      next: { id: '1.4' },
    })
    expect(code).toBe(0)
    expect(await entriesSince(before)).toMatchObject([
      { kind: 'ran', lab: '1.3', recorded: true, verdict: 'supported', scores, reason: 'So.' },
    ])
  })

  it.each([
    ['10', /asks 2 questions, and --predict has 1 answers:\n {2}1\. One user.*\(a number from 0/],
    ['10,100,1', /asks 2 questions, and --predict has 3 answers/],
    ['ten,100', /answer 1 to “One user .*”: “ten” is no number; expected a number from 0 to 10/],
    ['10,101', /answer 2 to “How many of the hundred sockets .*”: 101 is out of range/],
    ['10,', /answer 2 to “How many of the hundred.*”: an answer is missing/],
    ['50%,1', /answer 1 to .*“50%” is no number/],
  ])('%j is rejected with the question', async (predict, message) => {
    const { code, stdout, stderr } = await lab(['--from', file, '--predict', predict])
    expect(stderr).toMatch(/^BAD_PREDICTION: /m)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/→ npx threshold lab 1\.3 --predict N,N$/m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('a recording that cannot be played', () => {
  const withReport = async (change: Parameters<typeof recordedReport>[0]): Promise<string> => {
    const path = join(folder.path, 'other.json')
    await writeFile(path, JSON.stringify(await recordedReport(change)))
    return path
  }

  it.each([
    ['of a changed lab', 'RECORDING_OUTDATED', { definition: 'ab'.repeat(32) }],
    ['of another lab', 'NO_RECORDING', { id: '1.4' }],
  ])('%s is reported before anything is asked', async (_, code, change) => {
    const { lab: stored } = await recordedReport()
    const path = await withReport({ lab: { ...stored, ...change } })
    const finished = await lab(['--from', path], {})
    expect(finished.transcript.join('\n')).toMatch(new RegExp(`^${code}: `))
    expect(finished.code).toBe(1)
  })

  it.each([
    ['a negative control', { control: 'the name fits' }],
    ['a demonstration', { demo: true }],
    ['a run that measured nothing', { samples: [] }],
  ])('because it is %s is reported', async (_, change) => {
    const { stderr } = await lab(['--from', await withReport(change)])
    expect(stderr).toMatch(
      /^NO_RECORDING: .* is no report\.json of a plain run of lab 1\.3\n {2}→ npx threshold lab 1\.3$/m,
    )
  })

  it('because it is no report is reported', async () => {
    const path = join(folder.path, 'text.json')
    await writeFile(path, '{"v":1}')
    expect((await lab(['--from', path])).stderr).toMatch(/^NO_RECORDING: /)
    expect(await readFile(path, 'utf8')).toBe('{"v":1}')
  })
})
