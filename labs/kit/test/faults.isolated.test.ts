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

const quiet = {
  guilds: 2,
  online: 5,
  messagesPerSecond: 10,
  seconds: 3,
  warmupSeconds: 0.5,
  patienceSeconds: 2,
  seed: 5,
}

const labOf = (change: Partial<Lab>): Lab => ({
  ...defineLab({
    id: '9.9',
    title: 'A fault',
    question: 'What does it do?',
    hypothesis: 'This.',
    minutes: { quick: 1, full: 1 },
    memory: '1 GB',
    arms: { struck: 'stage-1' },
    load: busyGuilds(quiet),
    measure: {
      socketsDropped: count.socketsDropped(),
      guildsDown: count.guildsWithLostOrLate(),
      errors: count.errors(),
      reads: count.storeOperations(/get|load|find|user/i),
      untilAllBack: time.untilAllBack(),
    },
    expect: { struck: ({ errors }) => errors.is(0) },
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
  // Of its own: reports are named by the moment they begin, and some begin at once.
  const own = await mkdtemp(join(evidenceDir, 'run-'))
  const { reportJson } = await runLab(lab, {
    size: 'tiny',
    evidenceDir: own,
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

// At once: each has a stage of its own, and its few people wait for most of their time.
describe.runIf(allTests()).concurrent('a fault', () => {
  it('that restarts the stage drops every socket once; clients that come back do, and what it read since is counted', async () => {
    const load = busyGuilds({ ...quiet, seconds: 8, reconnect: true })
    const report = await run(labOf({ load, fault: at({ second: 1 }, restart('stage')) }))
    expect(report.reasons.join()).not.toContain('died')
    expect(report.samples[0]?.load.sockets).toMatchObject({ opened: 10, dropped: 10, back: 10 })
    expect(figureOf(report, 'until all back')).toBeGreaterThan(0)
    expect(figureOf(report, 'reads')).toBeGreaterThan(0)
    expect(report.samples[0]?.faults).toEqual(['after 1 s: restart the stage'])
  })

  it('that kills the stage takes every guild down, and leaves a stage fit for the next round', async () => {
    const sizes = { ...labOf({}).sizes, tiny: { repeats: 2 } }
    const report = await run(labOf({ sizes, fault: at({ second: 1 }, kill('stage')) }))
    expect(report.verdict).toBe('refuted')
    expect(report.samples.map(({ load }) => load.sockets)).toMatchObject([
      { opened: 10, dropped: 10, back: 0 },
      { opened: 10, dropped: 10, back: 0 },
    ])
    expect(figureOf(report, 'guilds down')).toBe(2)
  })

  it('that sends one message reaches everybody as any other would', async () => {
    const report = await run(labOf({ fault: at({ second: 1 }, mention({ displayName: 'Ada' })) }))
    expect(report.verdict).toBe('supported')
    expect(report.samples[0]?.faults).toEqual([
      'after 1 s: somebody called "Ada" mentions a member',
    ])
  })

  it('that would come after the load is over leaves no verdict', async () => {
    const report = await run(labOf({ fault: at({ second: 60 }, pause('stage')) }))
    expect(report.verdict).toBe('could-not-run')
    expect(report.reasons.join()).toContain('over before the fault was due')
  })

  it('that hangs an engine of the lab’s own is felt, and is over with the visit', async () => {
    const arms = {
      struck: { stage: 'stage-1', cacheMb: 256, fault: at({ second: 1 }, pause('engine')) },
      spared: { stage: 'stage-1', cacheMb: 256 },
    } as const
    const lab = labOf({
      arms,
      expect: { struck: ({ errors }) => errors!.atLeast(1), spared: ({ errors }) => errors!.is(0) },
    })
    const report = await run(lab)
    const claims = [
      expect.stringContaining('struck: errors at least 1'),
      expect.stringContaining('spared: errors is 0'),
    ]
    expect(report.reasons).toEqual([...claims, ...caveatsOf(report.samples)])
    expect(report.verdict).toBe('supported')
  })
})

describe('raw samples', () => {
  it('are enough to count everything again', async () => {
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
    expect(counted.filter(({ outcome }) => outcome === 'ok').length).toBe(
      sample!.load.sends.acknowledged,
    )
    expect(counted.reduce((sum, { arrivals }) => sum + arrivals.length, 0)).toBe(
      sample!.load.deliveries.delivered,
    )
  })
})
