import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'
import { contract, type Section } from '../../../stages/conformance/src/external/contract-map.ts'

/** As much of a Markdown tree as is made here. */
interface Node {
  readonly type: string
  readonly children?: Node[]
  readonly value?: string
  readonly depth?: number
  readonly align?: null[]
}

/**
 * Puts the map of the contract where a page has a block of the language `contract-cases`: every
 * sentence, and the ids of the cases that hold a stage to it. The map is what the suite itself is
 * checked against, so the page cannot promise what no case tries.
 */
export function contractCases() {
  return (tree: object): void => {
    visit(
      tree as { type: 'root'; children: Node[] },
      'code',
      (node: Node & { lang?: string | null }, index, parent) => {
        if (node.lang !== 'contract-cases') return undefined
        const made = contract.flatMap(sectionOf)
        ;(parent as { children: Node[] }).children.splice(index!, 1, ...made)
        return index! + made.length
      },
    )
  }
}

function sectionOf({ title, sentences }: Section): Node[] {
  const rows = sentences.map(({ text, cases }) =>
    row(
      inline(text),
      cases.flatMap((id, at): Node[] =>
        at === 0 ? [code(id)] : [{ type: 'text', value: ', ' }, code(id)],
      ),
    ),
  )
  return [
    { type: 'heading', depth: 2, children: inline(title) },
    {
      type: 'table',
      align: [null, null],
      children: [row(inline('Sentence'), inline('Cases')), ...rows],
    },
  ]
}

const row = (...cells: Node[][]): Node => ({
  type: 'tableRow',
  children: cells.map((children) => ({ type: 'tableCell', children })),
})
const code = (value: string): Node => ({ type: 'inlineCode', value })

/** A sentence may carry code in backticks, as any text of a page. */
function inline(text: string): Node[] {
  const [paragraph] = unified().use(remarkParse).parse(text).children as Node[]
  return paragraph?.children ?? [{ type: 'text', value: text }]
}
