import path from 'node:path'
import { visit } from 'unist-util-visit'
import type { LabData, Recording } from '../labs/lab-data.ts'
import { type LabPath, pathNodes } from '../labs/path.ts'
import type { Repository } from './repository.ts'
import { runProgram } from './run-program.ts'

/** Reads the labs with their recorded runs. */
export function loadLabs(): LabData[] {
  const labs = runProgram<LabData[]>('../labs/main.ts')
  for (const { problem } of labs) if (problem !== undefined) console.log(`[INFO] ${problem}`)
  return labs
}

/** The fields of a Markdown node that this plugin reads or writes. */
interface Node {
  readonly type: string
  readonly depth?: number
  readonly value?: string
  readonly lang?: string | null
  readonly name?: string
  readonly attributes?: readonly object[]
  readonly children?: Node[]
}

/**
 * Adds the player of the recorded run to each lab's page, at the end of its section “Predict”. The
 * page itself stays plain Markdown. It replaces code blocks on other pages: `recorded-run` by the
 * player of the run that breaks most visibly, `lab-path` by a table of the labs with their minutes.
 */
export function labPages(options: { repository: Repository; labs: readonly LabData[] }) {
  const { repository, labs } = options
  return (tree: object, file: { path: string }): void => {
    const root = tree as { type: 'root'; children: Node[] }
    const folder = path.relative(repository.root, path.dirname(file.path)).split(path.sep).join('/')
    const recording = labs.find((lab) => lab.folder === folder)?.recording
    if (recording !== undefined)
      root.children.splice(endOfPredict(root.children), 0, player(recording))
    visit(root, 'code', ({ lang, value }: Node, index, parent) => {
      const nodes =
        lang === 'recorded-run'
          ? trailer(labs)
          : lang === 'lab-path'
            ? (pathNodes(labs, value as LabPath) as Node[])
            : undefined
      if (nodes === undefined) return undefined
      ;(parent as { children: Node[] }).children.splice(index!, 1, ...nodes)
      return index! + nodes.length
    })
  }
}

/** The position after the section “Predict”, or after the first section if there is none. */
function endOfPredict(nodes: readonly Node[]): number {
  const headings = nodes.flatMap((node, index) => (node.type === 'heading' ? [index] : []))
  const start =
    headings.find((index) => textOf(nodes[index]!).trim().toLowerCase() === 'predict') ??
    headings[0] ??
    0
  return headings.find((index) => index > start) ?? nodes.length
}

const textOf = ({ value = '', children = [] }: Node): string =>
  value + children.map(textOf).join('')

/** Plays the first run in which guilds that were fine go down, without asking for a prediction. */
function trailer(labs: readonly LabData[]): Node[] {
  const recordings = labs.flatMap(({ recording }) => recording ?? [])
  const breaking = recordings.find(({ arms }) =>
    arms.some(({ guilds }) => guilds.some(({ states }) => /o.*x/.test(states))),
  )
  return breaking === undefined ? [] : [component('Trailer', breaking)]
}

const player = (recording: Recording): Node => component('LabPlayer', recording)

/** A React component with its data as one attribute, so that only this page loads the data. */
const component = (name: string, recording: Recording): Node => ({
  type: 'mdxJsxFlowElement',
  name,
  attributes: [{ type: 'mdxJsxAttribute', name: 'data', value: JSON.stringify(recording) }],
  children: [],
})
