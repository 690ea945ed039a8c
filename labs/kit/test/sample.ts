import { createAttemptLog, recordDelivery } from '../src/load/attempt-log.ts'
import { schedule } from '../src/load/schedule.ts'
import { summarise } from '../src/load/summary.ts'
import { busyGuilds, times } from '../src/load/workload.ts'
import type { Report } from '../src/report/schema.ts'
import { readEnvironment } from '../src/run/environment.ts'
import type { Sample } from '../src/run/sample.ts'

/** A trial's sample, computed from an artificial log in which every delivery takes `ms`. */
export function sampleOf(arm: string, round: number, factor = 1, ms = 8): Sample {
  const load = times(
    busyGuilds({
      guilds: 1,
      online: 4,
      messagesPerSecond: 10,
      readsPerSecond: 5,
      seconds: 4,
      seed: 3,
    }),
    factor,
  )
  const guilds = Array.from({ length: load.groups[0]!.guilds }, (_, index) => ({
    group: 'guilds',
    id: `${index}`,
    channels: ['1'],
    members: [],
  }))
  const participants = guilds.flatMap((_, guild) => Array.from({ length: 4 }, () => ({ guild })))
  const log = createAttemptLog(schedule(load), participants)
  for (const [n, attempt] of log.attempts.entries()) {
    attempt.sentMs = attempt.planned.dueMs + 0.4
    attempt.answeredMs = attempt.sentMs + 4
    attempt.outcome = 'ok'
    if (attempt.planned.kind === 'read') continue
    for (const [session, { guild }] of participants.entries())
      if (guild === attempt.planned.guild) recordDelivery(log, n, session, attempt.sentMs + ms)
  }
  return {
    arm,
    round,
    load: summarise(log, load, guilds, {
      cores: 0.1,
      memoryBytes: 9e7,
      lagP99Ms: 1,
      lagMaxMs: 2,
    }),
    stage: { cores: 0.2, memoryBytes: 1e8, gapMaxMs: 12, operations: { 'message.insert': 40 } },
    engine: { cores: 0.1, counters: { 'pages read into cache': 3 } },
    machine: { loadAverage: 0.5, othersCores: 0.1 },
    faults: [],
    memoryPeakBytes: 4e8,
    raw: `${arm}-${round}.jsonl.gz`,
  }
}

export const ENGINE = {
  product: 'SecantusDB/Rust',
  version: '0.5.3',
  provider: 'native',
  standIn: 'MongoDB itself could not be had here',
  text: 'SecantusDB/Rust 0.5.3 (native, a stand-in: MongoDB itself could not be had here)',
} as const

export function reportOf(change: Partial<Report> = {}): Report {
  const arm = (name: string, online: number, messagesPerSecond: number) =>
    ({
      name,
      title: `${name} in words`,
      breaks: false,
      status: 'held',
      stage: 1,
      stageTitle: 'Monolith on MongoDB',
      load: '1 guild',
      messagesPerSecond,
      online,
      env: {},
      engine: ENGINE,
      context: false,
    }) as const
  const statement = {
    figure: 'late',
    unit: 'share',
    relation: 'at most',
    threshold: 0.01,
    value: 0,
    outcome: 'holds',
  } as const
  return {
    v: 3,
    lab: {
      id: '9.9',
      title: 'A lab',
      question: 'Does it hold?',
      hypothesis: 'It holds.',
      definition: 'cd'.repeat(32),
    },
    size: 'quick',
    startedAt: '2026-01-01T10:00:00.000Z',
    seconds: 42,
    environment: readEnvironment(),
    stages: [{ stage: 1, title: 'Monolith on MongoDB', tree: 'ab'.repeat(32), files: 106 }],
    headline: {
      sentence: 'At ten times the load, 0% of the deliveries were late.',
      why: 'The process has cores to spare.',
      code: { file: 'labs/kit/src/index.ts', line: 1, text: 'export { defineLab }' },
      figures: ['late'],
      charts: ['failures', 'seconds'],
    },
    questions: [
      {
        text: 'How many are late?',
        unit: 'share',
        range: [0, 1],
        neutral: 0,
        figure: 'tenfold late',
        value: 0,
        wrongAnswers: [{ answer: [0.1, 1], reveals: 'You expect queues.' }],
      },
    ],
    prediction: {
      answers: [0.5],
      reason: 'It is ten times as much.',
      scores: ['wrong direction'],
      line: 'Your prediction: wrong direction.',
    },
    next: { id: '9.10', title: 'Another lab', command: 'npx threshold lab 9.10' },
    demo: false,
    recorded: false,
    arms: [arm('today', 4, 10), arm('tenfold', 40, 100)],
    measures: [{ name: 'late', unit: 'share', text: 'deliveries that came late' }],
    thresholds: [
      { arm: 'tenfold', text: 'late at most 1%', figure: 'late', unit: 'share', threshold: 0.01 },
    ],
    figures: ['today', 'tenfold'].map((name) => ({
      arm: name,
      round: 1,
      figure: 'late',
      unit: 'share',
      value: name === 'today' ? 0 : 0.004,
    })),
    findings: [{ arm: 'tenfold', round: 1, assertion: statement }],
    samples: [sampleOf('today', 1), sampleOf('tenfold', 1, 10)],
    discarded: [],
    verdict: 'supported',
    notes: [],
    reasons: ['tenfold: late at most 1%; measured 0%'],
    nextStep: null,
    busiest: [],
    noEngine: null,
    rerun: 'npx threshold lab 9.9 --quick',
    ...change,
  }
}
