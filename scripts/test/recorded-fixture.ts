import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  definitionHash,
  findLab,
  type Report,
  readEnvironment,
  reportSchema,
} from '@threshold/lab-kit'
import { ROOT } from './cli.ts'

const RECORDED_LAB = '1.3'
const DIR = join(ROOT, 'labs', '1.3-blast-radius')
const GUILDS = 10

export const RECORDED_ENGINE = {
  product: 'MongoDB',
  version: '8.0.15',
  provider: 'native',
  text: 'MongoDB 8.0.15 (native)',
} as const

const NO_TIMES = { count: 0, curve: [], encoded: '' }

/** Six seconds of one arm. In the arm that crashes, everything fails from the third second on. */
function sampleOf(arm: string, crashes: boolean): Report['samples'][number] {
  const states = crashes ? 'ooxxxx' : 'oooooo'
  const guild = {
    group: 'guilds',
    sockets: 10,
    due: 24,
    unsent: 0,
    acknowledged: crashes ? 8 : 24,
    errors: crashes ? 16 : 0,
    expected: 240,
    delivered: crashes ? 80 : 240,
    lost: 0,
    duplicated: 0,
    outOfOrder: 0,
    late: 0,
    states,
  }
  const second = (index: number) => {
    const failed = states[index] === 'x'
    return {
      second: index,
      due: 40,
      acknowledged: failed ? 0 : 40,
      errors: failed ? 40 : 0,
      delivered: failed ? 0 : 400,
      late: 0,
    }
  }
  const attempts = { due: 240, acknowledged: 240, errors: 0, unsent: 0 }
  const dropped = crashes ? 100 : 0
  return {
    arm,
    round: 1,
    faults: [],
    memoryPeakBytes: 4e8,
    raw: `${arm}-1.jsonl.gz`,
    load: {
      v: 3,
      seconds: 6,
      sends: attempts,
      reads: { due: 0, acknowledged: 0, errors: 0, unsent: 0 },
      deliveries: {
        expected: 2_400,
        delivered: 2_400,
        lost: 0,
        duplicated: 0,
        outOfOrder: 0,
        late: 0,
        misrouted: 0,
      },
      errors: {},
      sockets: { opened: 100, dropped, back: 0, secondsUntilAllBack: null },
      groups: [{ name: 'guilds', sends: NO_TIMES, reads: NO_TIMES, deliveries: NO_TIMES }],
      guilds: Array.from({ length: GUILDS }, () => guild),
      series: Array.from({ length: 6 }, (_, index) => second(index)),
      generator: { cores: 0.1, memoryBytes: 9e7, lagP99Ms: 1, lagMaxMs: 2 },
    },
    stage: { cores: 0.2, memoryBytes: 1e8, gapMaxMs: 12, operations: null },
    machine: { loadAverage: 0.5, othersCores: 0.1 },
  }
}

/** The report of a run of lab 1.3 in which all ten guilds go down and all sockets are dropped. */
export async function recordedReport(change: Partial<Report> = {}): Promise<Report> {
  const lab = await findLab(RECORDED_LAB)
  const arm = (name: string, breaks: boolean) => ({
    name,
    title: name,
    breaks,
    status: breaks ? 'broke' : 'held',
    stage: 1,
    stageTitle: 'Monolith',
    load: '',
    messagesPerSecond: 40,
    online: 100,
    env: {},
    engine: RECORDED_ENGINE,
    context: false,
  })
  return reportSchema.parse({
    v: 3,
    lab: {
      id: lab.id,
      title: lab.title,
      question: lab.question,
      hypothesis: lab.hypothesis,
      definition: await definitionHash(lab, DIR),
    },
    size: 'quick',
    startedAt: '2026-01-02T10:00:00.000Z',
    seconds: 42,
    environment: { ...readEnvironment(), text: '2 cores (a CPU), 4 GiB' },
    stages: [{ stage: 1, title: 'Monolith', tree: 'ab'.repeat(32), files: 106 }],
    headline: {
      sentence: '',
      why: '',
      code: { file: '', line: 1, text: '' },
      figures: [],
      charts: [],
    },
    questions: [],
    prediction: { scores: [], line: '' },
    next: null,
    demo: false,
    recorded: false,
    measures: [],
    thresholds: [],
    figures: [],
    findings: [],
    arms: [arm('harmless', false), arm('crashing', true)],
    samples: [sampleOf('harmless', false), sampleOf('crashing', true)],
    discarded: [],
    verdict: 'supported',
    reasons: ['stored'],
    notes: [],
    rerun: '',
    ...change,
  })
}

/** Writes the report into the folder and returns its path. */
export async function writeRecording(dir: string, change?: Partial<Report>): Promise<string> {
  const file = join(dir, 'recording.json')
  await writeFile(file, JSON.stringify(await recordedReport(change)))
  return file
}
