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
  const total = labs.reduce((sum, { minutes }) => sum + minutes[size], 0)
  const rows = labs.map(({ id, title, question, folder, minutes, memory, recording }) =>
    row(
      [link(`/${folder.toLowerCase()}`, `${id} ${title}`)],
      [text(question)],
      [text(`${minutes[size]} min`)],
      [text(memory)],
      [text(recording === undefined ? 'no' : 'yes')],
    ),
  )
  const heads = ['Lab', 'Question', `Run, --${size}`, 'Memory', 'Recorded run'].map((head) => [
    text(head),
  ])
  return [
    { type: 'table', align: heads.map(() => null), children: [row(...heads), ...rows] },
    {
      type: 'paragraph',
      children: [
        text(
          `All ${labs.length} runs together take ${hours(total)}. Reading, predicting and talking take longer than the runs.`,
        ),
      ],
    },
  ]
}

const hours = (minutes: number): string =>
  minutes < 60 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`

const text = (value: string): Node => ({ type: 'text', value })
const link = (url: string, label: string): Node => ({ type: 'link', url, children: [text(label)] })
const row = (...cells: Node[][]): Node => ({
  type: 'tableRow',
  children: cells.map((children) => ({ type: 'tableCell', children })),
})
