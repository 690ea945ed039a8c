import type { Report } from '@threshold/lab-kit'

const ENGINE = {
  product: 'MongoDB',
  version: '8.0.15',
  provider: 'native',
  text: 'MongoDB 8.0.15 (native)',
} as const

/** A report with one claim, without samples. */
export const reportOf = (change: Partial<Report> = {}): Report => ({
  v: 3,
  lab: { id: '1.1', title: 'A', question: 'Q?', hypothesis: 'H.', definition: 'cd'.repeat(32) },
  size: 'quick',
  startedAt: '2026-01-01T10:00:00.000Z',
  seconds: 42,
  environment: {
    ...{ cores: 2, cpu: 'x', memoryBytes: 4e9, freeBytes: 1e9, loadAverage: [0, 0, 0] },
    ...{ os: 'Linux', node: 'v24.21.0', text: '2 cores (x), 4 GiB' },
  },
  stages: [{ stage: 1, title: 'Monolith on MongoDB', tree: 'ab'.repeat(32), files: 106 }],
  headline: {
    sentence: 'None of the deliveries were late.',
    why: 'The process has cores to spare.',
    code: { file: 'labs/kit/src/index.ts', line: 1, text: 'export' },
    figures: ['late'],
    charts: [],
  },
  questions: [],
  prediction: { scores: [], line: 'You made no prediction.' },
  next: null,
  demo: false,
  recorded: false,
  arms: [
    {
      ...{ name: 'tenfold', title: 'Ten times the load', breaks: false, status: 'held' },
      ...{ stage: 1, stageTitle: 'Monolith on MongoDB', load: '1 guild' },
      ...{ messagesPerSecond: 1, online: 1, env: {}, engine: ENGINE, context: false },
    },
  ],
  measures: [],
  thresholds: [
    { arm: 'tenfold', text: 'late at most 1%', figure: 'late', unit: 'share', threshold: 0.01 },
  ],
  figures: [],
  findings: [0, 0.02].map((value, index) => ({
    arm: 'tenfold',
    round: index + 1,
    assertion: {
      ...{ figure: 'late', unit: 'share', relation: 'at most', threshold: 0.01 },
      ...{ value, outcome: value > 0.01 ? 'fails' : 'holds' },
    },
  })),
  samples: [],
  discarded: [],
  verdict: 'inconclusive',
  reasons: [],
  nextStep: null,
  busiest: [],
  noEngine: null,
  notes: [],
  rerun: 'npx threshold lab 1.1 --quick',
  ...change,
})
