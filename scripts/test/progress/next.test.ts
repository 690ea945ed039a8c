import { SCORES } from '@threshold/lab-kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/program.ts'
import { formatNext, type NextInput, nextStep } from '../../src/progress/next.ts'
import type { ProgressEntry } from '../../src/progress.ts'
import { hinted, ran } from './entries.ts'

const LABS = [
  { id: '1.1', title: 'Baseline', minutes: { quick: 1 }, stages: [1] },
  { id: '1.2', title: 'Working set', minutes: { quick: 2 }, stages: [1] },
  { id: '2.1', title: 'Growth', minutes: { quick: 4 }, stages: [1, 2] },
]
const IDS = LABS.map(({ id }) => id)

const next = (progress: readonly ProgressEntry[], options: Partial<NextInput> = {}) =>
  nextStep({ labs: LABS, recorded: false, progress, ...options })

describe('the next step', () => {
  it.each<{ when: string; progress: ProgressEntry[]; command: string }>([
    { when: 'nothing was done', progress: [], command: 'lab 1.1' },
    { when: 'only hints were read', progress: [hinted('1.1', 1)], command: 'lab 1.1' },
    { when: 'the first lab is supported', progress: [ran('1.1')], command: 'lab 1.2' },
    {
      when: 'it is refuted at size full',
      progress: [ran('1.1', { verdict: 'refuted', size: 'full' })],
      command: 'lab 1.2',
    },
    {
      when: 'it is inconclusive',
      progress: [ran('1.1', { verdict: 'inconclusive' })],
      command: 'lab 1.2',
    },
    { when: 'it ran tiny', progress: [ran('1.1', { size: 'tiny' })], command: 'lab 1.1' },
    {
      when: 'it ran as a demonstration',
      progress: [ran('1.1', { demo: true, verdict: 'none' })],
      command: 'lab 1.1',
    },
    {
      when: 'its negative control ran',
      progress: [ran('1.1', { control: true, verdict: 'refuted' })],
      command: 'lab 1.1',
    },
    {
      when: 'its recorded run was played',
      progress: [ran('1.1', { recorded: true })],
      command: 'lab 1.1',
    },
    {
      when: 'it could not run',
      progress: [ran('1.1', { verdict: 'could-not-run' })],
      command: 'lab 1.1 --recorded',
    },
    {
      when: 'it could not run, and its recorded run was played',
      progress: [ran('1.1', { verdict: 'could-not-run' }), ran('1.1', { recorded: true })],
      command: 'lab 1.2',
    },
    {
      when: 'it could not run at first',
      progress: [ran('1.1', { verdict: 'could-not-run' }), ran('1.1')],
      command: 'lab 1.2',
    },
    { when: 'a later lab was done first', progress: [ran('1.2')], command: 'lab 1.1' },
    { when: 'all labs are done', progress: IDS.map((id) => ran(id)), command: 'stages diff 1 2' },
  ])('when $when is $command', ({ progress, command }) => {
    expect(next(progress).command).toBe(`npx threshold ${command}`)
  })

  it.each<{ when: string; progress: ProgressEntry[]; command: string }>([
    { when: 'nothing was done', progress: [], command: 'lab 1.1 --recorded' },
    {
      when: 'a recorded run was played',
      progress: [ran('1.1', { recorded: true })],
      command: 'lab 1.2 --recorded',
    },
    { when: 'a lab was run', progress: [ran('1.1')], command: 'lab 1.2 --recorded' },
    {
      when: 'all were played',
      progress: IDS.map((id) => ran(id, { recorded: true })),
      command: 'stages diff 1 2',
    },
  ])('with recordings when $when is $command', ({ progress, command }) => {
    expect(next(progress, { recorded: true }).command).toBe(`npx threshold ${command}`)
  })

  it('plays the recorded run of a lab that has no engine here, and says why', () => {
    const obstacle = ({ id }: { id: string }) => (id === '1.1' ? 'it needs MongoDB' : undefined)
    expect(next([], { obstacle })).toMatchObject({
      command: 'npx threshold lab 1.1 --recorded',
      why: expect.stringContaining('it needs MongoDB'),
    })
    expect(next([ran('1.1', { recorded: true })], { obstacle }).command).toBe(
      'npx threshold lab 1.2',
    )
  })

  it('says where you are', () => {
    const progress = [
      ran('1.1'),
      ran('1.2', { verdict: 'refuted', scores: ['passed', 'within 10×', 'within 2×'] }),
    ]
    expect(next(progress)).toMatchObject({
      done: 2,
      total: 3,
      minutesLeft: 4,
      last: 'lab 1.2 (quick): refuted; best prediction: within 2×',
      finished: false,
      lab: '2.1',
    })
  })

  it('names a wrong direction in a second line, and still one command', () => {
    const step = next([ran('1.1', { scores: ['exact', 'wrong direction'] })])
    expect(step.note).toContain('why 1.1')
    expect(formatNext(step).match(/npx threshold/g)).toHaveLength(1)
  })

  it('reaches the docs where there is one stage', () => {
    const labs = LABS.slice(0, 1)
    expect(next([ran('1.1')], { labs }).command).toBe('npx threshold docs')
  })
})

const anyRun = fc
  .record({
    lab: fc.constantFrom(...IDS, '9.9'),
    size: fc.constantFrom('tiny', 'quick', 'full'),
    verdict: fc.constantFrom('supported', 'refuted', 'inconclusive', 'could-not-run', 'none'),
    recorded: fc.boolean(),
    control: fc.boolean(),
    demo: fc.boolean(),
    scores: fc.array(fc.constantFrom(...SCORES), { maxLength: 3 }),
  })
  .map(({ lab, ...changes }) => ran(lab, changes as Parameters<typeof ran>[1]))

/** Whether the command line has this command, with these options. */
function exists(command: string): boolean {
  const program = createProgram({ terminal: {} as never, setExitCode() {} })
  const [npx, threshold, word, ...rest] = command.split(' ')
  const found = program.commands.find((each) => each.name() === word)
  const options = rest.filter((argument) => argument.startsWith('--'))
  return (
    npx === 'npx' &&
    threshold === 'threshold' &&
    found !== undefined &&
    options.every((option) => found.options.some(({ long }) => long === option))
  )
}

interface Situation {
  readonly progress: readonly ProgressEntry[]
  readonly recorded: boolean
  readonly blocked: readonly string[]
}

describe('laws of the next step', () => {
  const input = fc.record({
    progress: fc.array(anyRun, { maxLength: 12 }),
    recorded: fc.boolean(),
    blocked: fc.subarray(IDS),
  })
  const stepOf = ({ progress, recorded, blocked }: Situation) =>
    next(progress, {
      recorded,
      obstacle: ({ id }) => (blocked.includes(id) ? 'no engine' : undefined),
    })

  it('prints one command, which exists', () => {
    fc.assert(
      fc.property(input, (each) => {
        const step = stepOf(each)
        expect(formatNext(step).match(/npx threshold/g)).toHaveLength(1)
        expect(exists(step.command), step.command).toBe(true)
      }),
    )
  })

  it('ends: to do what it says finishes every lab, each once', () => {
    fc.assert(
      fc.property(input, (each) => {
        let { progress }: Situation = each
        const commands: string[] = []
        for (;;) {
          const { finished, lab, command } = stepOf({ ...each, progress })
          if (finished) break
          commands.push(command)
          progress = [...progress, ran(lab!, { recorded: command.endsWith('--recorded') })]
        }
        expect(new Set(commands).size).toBe(commands.length)
        expect(commands.length).toBeLessThanOrEqual(IDS.length)
      }),
    )
  })
})
