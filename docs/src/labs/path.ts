import { totalMinutes } from '../../../scripts/src/lab-pages/minutes.ts'
import type { LabData } from './lab-data.ts'

/** The size that the table gives minutes for. */
export type LabPath = 'quick' | 'full'

interface Node {
  readonly type: string
  readonly value?: string
  readonly url?: string
  readonly align?: null[]
  readonly children?: Node[]
}

/** A table of all labs in their order, with the minutes of a run and their sum. */
export function pathNodes(labs: readonly LabData[], size: LabPath): Node[] {
  if (size !== 'quick' && size !== 'full')
    throw new Error(`lab-path needs a size, quick or full, instead of ${JSON.stringify(size)}`)
  const timed = labs.map((lab) => {
    const running = size === 'full' ? lab.fullMinutes : lab.minutes.running
    return { ...lab, minutes: { ...lab.minutes, running } }
  })
  const total = timed.reduce((sum, { minutes }) => sum + totalMinutes(minutes), 0)
  const rows = timed.map(({ id, title, question, folder, minutes, memory, recording }) =>
    row(
      [link(`/${folder.toLowerCase()}`, `${id} ${title}`)],
      [text(question)],
      ...COLUMNS.map((column) => [text(`${minutes[column]}`)]),
      [text(memory)],
      [text(recording === undefined ? 'no' : 'yes')],
    ),
  )
  const heads = ['Lab', 'Question', 'Read', 'Predict', 'Run', 'Talk', 'Memory', 'Recorded run']
  return [
    {
      type: 'table',
      align: heads.map(() => null),
      children: [row(...heads.map((head) => [text(head)])), ...rows],
    },
    {
      type: 'paragraph',
      children: [
        text(
          `Read, predict, run and talk are in minutes, with runs at size ${size}. All ${labs.length} labs together take ${duration(total)}.`,
        ),
      ],
    },
  ]
}

const COLUMNS = ['reading', 'predicting', 'running', 'talking'] as const

const duration = (minutes: number): string =>
  minutes < 60 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`

const text = (value: string): Node => ({ type: 'text', value })
const link = (url: string, label: string): Node => ({ type: 'link', url, children: [text(label)] })
const row = (...cells: Node[][]): Node => ({
  type: 'tableRow',
  children: cells.map((children) => ({ type: 'tableCell', children })),
})
