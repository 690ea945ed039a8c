import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { allTests, type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  at,
  busyGuilds,
  count,
  defineLab,
  kill,
  type Lab,
  mention,
  pause,
  type Report,
  type RunLabOptions,
  reportSchema,
  restart,
  runLab,
  time,
} from '../src/index.ts'
import { caveatsOf } from '../src/run/sample.ts'

const ANY_MACHINE = { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 10_000 }

let evidenceDir: string
let database: LeasedDatabase

beforeAll(async () => {
  evidenceDir = await mkdtemp(join(tmpdir(), 'threshold-faults-'))
  database = await leaseDatabase()
})

afterAll(async () => {
  await database[Symbol.asyncDispose]()
  await rm(evidenceDir, { recursive: true, force: true })
})

// Concurrent stages on two cores may keep a request waiting: only the fault may cause an error.
const patient = { THRESHOLD_BUDGET_MS: '20000' }

const quiet = {
  guilds: 2,
  online: 5,
  messagesPerSecond: 10,
  seconds: 3,
  warmupSeconds: 0.5,
  timeoutSeconds: 20,
  seed: 5,
}

const labOf = (change: Partial<Lab>): Lab => ({
  ...defineLab({
    id: '9.9',
    title: 'A fault',
    question: 'What does the fault do?',
    hypothesis: 'Nothing fails.',
    minutes: { quick: 1, full: 1 },
    memory: '1 GB',
    arms: { faulted: { title: 'With the fault', stage: 'stage-1', env: patient } },
    load: busyGuilds(quiet),
    measure: {
      socketsDropped: count.socketsDropped(),
      guildsDown: count.guildsWithLostOrLate(),
      errors: count.errors(),
      reads: count.storeOperations(/get|load|find|user/i, 'reads'),
      untilAllBack: time.untilAllBack(),
    },
    expect: { faulted: ({ errors }) => errors.is(0) },
    predict: [
      {
        text: 'How many requests fail?',
        answer: ({ faulted }) => faulted.errors,
        range: [0, 100],
        wrongAnswers: [{ answer: [1, 100], reveals: 'You expect the fault to be noticed.' }],
      },
    ],
    hints: ['None.', 'None.', 'None.'],
    report: {
      sentence: ({ faulted }) => `${faulted.errors} requests failed.`,
      figures: ['errors'],
      why: 'It depends on the fault.',
      code: { file: 'labs/kit/src/faults.ts', line: 'export const at = (' },
      charts: ['seconds'],
    },
    control: { text: 'none', failsOn: ['none'], verdict: 'refuted' },
    sizes: { tiny: { repeats: 1 }, quick: { repeats: 1 }, full: { repeats: 1 } },
  }),
  ...change,
})

async function run(
  lab: Lab,
  options: Partial<RunLabOptions> = {},
): Promise<Report & { dir: string }> {
  const engine = { uri: database.uri, label: database.label }
  // Each run has its own directory, since concurrent runs may have the same start time.
  const runDir = await mkdtemp(join(evidenceDir, 'run-'))
  const { reportJson } = await runLab(lab, {
    size: 'tiny',
    evidenceDir: runDir,
    engine,
    machine: ANY_MACHINE,
    ...options,
  })
  return {
    ...reportSchema.parse(JSON.parse(await readFile(reportJson, 'utf8'))),
    dir: join(reportJson, '..'),
  }
}

const figureOf = ({ figures }: Report, name: string): number | null | undefined =>
  figures.find(({ figure }) => figure === name)?.value

// The tests run concurrently: each has a stage of its own, and its small load leaves CPU idle.
describe.runIf(allTests()).concurrent('a fault', () => {
  it('that restarts the stage drops every socket once, and the reads after the restart are counted', async () => {
    const load = busyGuilds({ ...quiet, seconds: 8, reconnect: true })
    const report = await run(labOf({ load, fault: at({ second: 1 }, restart('stage')) }))
    expect(report.reasons.join()).not.toContain('died')
    expect(report.samples[0]?.load.sockets).toMatchObject({ opened: 10, dropped: 10, back: 10 })
    expect(figureOf(report, 'until all back')).toBeGreaterThan(0)
    expect(figureOf(report, 'reads')).toBeGreaterThan(0)
    expect(report.samples[0]?.faults).toEqual(['after 1 s: restart the stage'])
  })

  it('that kills the stage takes every guild down, and the stage is repaired for the next round', async () => {
    const sizes = { ...labOf({}).sizes, tiny: { repeats: 2 } }
    const report = await run(labOf({ sizes, fault: at({ second: 1 }, kill('stage')) }))
    expect(report.verdict).toBe('refuted')
    expect(report.samples.map(({ load }) => load.sockets)).toMatchObject([
      { opened: 10, dropped: 10, back: 0 },
      { opened: 10, dropped: 10, back: 0 },
    ])
    expect(figureOf(report, 'guilds down')).toBe(2)
  })

  it('that sends a mention is delivered like any other message', async () => {
    const report = await run(labOf({ fault: at({ second: 1 }, mention({ displayName: 'Ada' })) }))
    expect(report.verdict).toBe('supported')
    expect(report.samples[0]?.faults).toEqual(['after 1 s: a user named "Ada" mentions a member'])
  })

  it('that is due after the end of the load leaves no verdict', async () => {
    const report = await run(labOf({ fault: at({ second: 60 }, pause('stage')) }))
    expect(report.verdict).toBe('could-not-run')
    expect(report.reasons.join()).toContain('ended before the fault was due')
  })

  it('that pauses an engine causes errors, and the engine resumes after the trial', async () => {
    const arms = {
      faulted: {
        title: 'The engine hangs',
        stage: 'stage-1',
        cacheMb: 256,
        fault: at({ second: 1 }, pause('engine')),
      },
      healthy: { title: 'No fault', stage: 'stage-1', cacheMb: 256, env: patient },
    } as const
    const lab = labOf({
      arms,
      expect: {
        faulted: ({ errors }) => errors!.atLeast(1),
        healthy: ({ errors }) => errors!.is(0),
      },
    })
    const report = await run(lab)
    const reasons = [
      expect.stringContaining('faulted: errors at least 1'),
      expect.stringContaining('healthy: errors is 0'),
    ]
    expect(report.reasons).toEqual([...reasons, ...caveatsOf(report.samples)])
    expect(report.verdict).toBe('supported')
  })
})

describe('raw samples', () => {
  it('contain everything that the counts are computed from', async () => {
    const report = await run(labOf({}))
    const [sample] = report.samples
    const lines = gunzipSync(await readFile(join(report.dir, 'samples', sample!.raw)))
      .toString()
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            kind: string
            dueMs: number
            outcome: string
            guild: number
            arrivals: [number, number][]
          },
      )
    const counted = lines.filter(({ kind, dueMs }) => kind === 'send' && dueMs >= 500)
    expect(counted.length).toBe(sample!.load.sends.due)
    // A message whose send failed may be delivered too; only acknowledged sends are counted.
    const acknowledged = counted.filter(({ outcome }) => outcome === 'ok')
    expect(acknowledged.length).toBe(sample!.load.sends.acknowledged)
    expect(acknowledged.reduce((sum, { arrivals }) => sum + arrivals.length, 0)).toBe(
      sample!.load.deliveries.delivered,
    )
  })
})
