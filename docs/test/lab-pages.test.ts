import { describe, expect, it } from 'vitest'
import { reportOf, sampleOf } from '../../labs/kit/test/sample.ts'
import type { LabData } from '../src/labs/lab-data.ts'
import { recordingOf } from '../src/labs/recording.ts'
import { labPages } from '../src/plugins/labs.ts'
import { repository } from '../src/plugins/repository.ts'

const route = (id: string): string => `/labs/${id}`
const recording = recordingOf(reportOf(), route)
const lab: LabData = {
  id: '9.9',
  title: 'A lab',
  question: 'Does it hold?',
  folder: 'labs/9.9-lab',
  minutes: { reading: 4, predicting: 2, running: 1, talking: 2 },
  fullMinutes: 70,
  memory: '1 GB',
  stages: [1],
}

interface Node {
  readonly type: string
  readonly name?: string
  readonly lang?: string
  readonly value?: string
  readonly children?: Node[]
  readonly attributes?: readonly { readonly value: string }[]
}

const heading = (value: string): Node => ({ type: 'heading', children: [{ type: 'text', value }] })
const code = (lang: string, value = ''): Node => ({ type: 'code', lang, value })

function transformed(labs: readonly LabData[], file: string, children: Node[]): Node[] {
  const tree = { type: 'root', children }
  labPages({ repository: repository('/repo'), labs })(tree, { path: `/repo/${file}` })
  return tree.children
}
const outline = (nodes: Node[]): string[] =>
  nodes.map(({ type, name, children }) => name ?? children?.[0]?.value ?? type)

describe('the page of a lab', () => {
  const page = ['A lab', 'Predict', 'Run'].map(heading)

  it('plays the recorded run at the end of its section “Predict”', () => {
    const nodes = transformed([{ ...lab, recording }], 'labs/9.9-lab/README.md', [...page])
    expect(outline(nodes)).toEqual(['A lab', 'Predict', 'LabPlayer', 'Run'])
    expect(JSON.parse(nodes[2]!.attributes![0]!.value)).toEqual(recording)
  })

  it('has no player without a recording, nor has another page', () => {
    expect(outline(transformed([lab], 'labs/9.9-lab/README.md', [...page]))).not.toContain(
      'LabPlayer',
    )
    expect(outline(transformed([{ ...lab, recording }], 'docs/docs/page.md', [...page]))).toEqual(
      page.map((node) => node.children![0]!.value),
    )
  })
})

describe('a recorded run on another page', () => {
  const placeholder = () => [code('recorded-run')]
  const breaking = (states: string): LabData => ({
    ...lab,
    recording: {
      ...recording,
      arms: [{ ...recording.arms[0]!, guilds: [{ group: 'g', states }] }],
    },
  })

  it('is one in which a guild that was fine goes down', () => {
    expect(outline(transformed([breaking('xx'), breaking('oox')], 'a.md', placeholder()))).toEqual([
      'Trailer',
    ])
  })

  it('is left out when no run breaks', () => {
    expect(transformed([lab, breaking('ooo')], 'a.md', placeholder())).toEqual([])
  })
})

describe('the path of the labs', () => {
  it('lists every lab with its minutes, and their sum', () => {
    const text = JSON.stringify(
      transformed([lab, { ...lab, id: '9.10' }], 'a.md', [code('lab-path', 'full')]),
    )
    expect(text).toContain('9.10 A lab')
    expect(text).toContain('"70"')
    expect(text).toContain('2 h 36 min')
  })

  it('rejects an unknown size', () => {
    expect(() => transformed([lab], 'a.md', [code('lab-path', 'huge')])).toThrow(/quick or full/)
  })
})

describe('the reduction of a report', () => {
  it('puts the arm that broke first, with the guilds of its last round', () => {
    const report = reportOf()
    const arms = [report.arms[0]!, { ...report.arms[1]!, status: 'broke' as const }]
    const samples = [...report.samples, sampleOf('tenfold', 2, 10)]
    const reduced = recordingOf({ ...report, arms, samples }, route)
    expect(reduced.arms.map(({ name, guilds }) => [name, guilds.length])).toEqual([
      ['tenfold', 10],
      ['today', 0],
    ])
    expect(reduced.arms[0]!.guilds.every(({ states }) => /^[.olx]{4}$/.test(states))).toBe(true)
  })

  it('names engine, machine, next lab, and each threshold beside its figure', () => {
    expect(recording.engine).toContain('stand-in')
    expect(recording.machine).toBe(reportOf().environment.text)
    expect(recording.next).toEqual({ id: '9.10', title: 'Another lab', route: '/labs/9.10' })
    expect(recording.picture).toMatch(/tenfold in words.*claim ≤ 1%/s)
  })
})
