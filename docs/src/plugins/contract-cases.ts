import { execFileSync } from 'node:child_process'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'
import type { Section } from '../../../stages/conformance/src/external/contract.ts'

const CONTRACT = new URL('../../../stages/conformance/src/external/contract.ts', import.meta.url)

/** The fields of a Markdown node that this plugin reads or writes. */
interface Node {
  readonly type: string
  readonly children?: Node[]
  readonly value?: string
  readonly depth?: number
  readonly align?: null[]
}

/**
 * Replaces a code block of the language `contract-cases` with the contract: a table per section,
 * with each sentence and the ids of the cases that cover it. The table is computed from the cases,
 * so it cannot list a case that does not exist.
 */
export function contractCases() {
  const contract = loadContract()
  return (tree: object): void => {
    visit(
      tree as { type: 'root'; children: Node[] },
      'code',
      (node: Node & { lang?: string | null }, index, parent) => {
        if (node.lang !== 'contract-cases') return undefined
        const nodes = contract.flatMap(sectionNodes)
        ;(parent as { children: Node[] }).children.splice(index!, 1, ...nodes)
        return index! + nodes.length
      },
    )
  }
}

/**
 * Loads the contract in a Node process of its own. Docusaurus loads its configuration with jiti,
 * which cannot load the modules of the cases.
 */
function loadContract(): readonly Section[] {
  const script = `import { contract } from '${CONTRACT}'; console.log(JSON.stringify(contract))`
  const args = ['--input-type=module', '--eval', script]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

function sectionNodes({ title, sentences }: Section): Node[] {
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

/** Parses a sentence's inline Markdown, such as code in backticks. */
function inline(text: string): Node[] {
  const [paragraph] = unified().use(remarkParse).parse(text).children as Node[]
  return paragraph?.children ?? [{ type: 'text', value: text }]
}
