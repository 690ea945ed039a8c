import { visit } from 'unist-util-visit'
import type { CommandHelp } from '../commands/main.ts'
import { runProgram } from './run-program.ts'

/** The fields of a Markdown node that this plugin reads or writes. */
interface Node {
  readonly type: string
  readonly lang?: string
  readonly value?: string
  readonly depth?: number
  readonly name?: string
  readonly attributes?: readonly object[]
  readonly children?: Node[]
}

/**
 * Replaces a code block of the language `command-reference` with every command's own help, under a
 * heading of its own, so that a search for a command's name finds it first.
 */
export function commandReference() {
  let nodes: Node[] | undefined
  return (tree: object): void => {
    visit(tree as { type: 'root'; children: Node[] }, 'code', (node: Node, index, parent) => {
      if (node.lang !== 'command-reference') return undefined
      nodes ??= runProgram<CommandHelp[]>('../commands/main.ts').flatMap(commandNodes)
      ;(parent as { children: Node[] }).children.splice(index!, 1, ...structuredClone(nodes))
      return index! + nodes.length
    })
  }
}

const commandNodes = ({ name, description, help }: CommandHelp): Node[] => [
  { type: 'heading', depth: 3, children: [text(name)] },
  { type: 'paragraph', children: [text(sentence(description))] },
  {
    type: 'mdxJsxFlowElement',
    name: 'CommandHelp',
    attributes: [{ type: 'mdxJsxAttribute', name: 'text', value: help }],
    children: [],
  },
]

const text = (value: string): Node => ({ type: 'text', value })

const sentence = (description: string): string =>
  `${description.charAt(0).toUpperCase()}${description.slice(1)}.`
