import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { visit } from 'unist-util-visit'
import {
  DIAGRAM_THEMES,
  DIAGRAMS_FOLDER,
  diagramFile,
  diagramSize,
  diagramSource,
} from '../diagrams/source.ts'
import type { Repository } from './repository.ts'

interface Node {
  readonly type: string
  readonly lang?: string | null
  readonly value?: string
  readonly children?: Node[]
  readonly data?: { hName: string; hProperties: Record<string, string | number> }
}

/**
 * Replaces each `mermaid` code block with its rendered images, one for light pages and one for dark
 * ones. The browser then loads no renderer, and knows the size before the image has arrived.
 */
export function diagrams(options: { repository: Repository }) {
  const { repository } = options
  return (tree: object): void => {
    visit(
      tree as { type: 'root'; children: Node[] },
      'code',
      ({ lang, value }: Node, index, parent) => {
        if (lang !== 'mermaid') return
        ;(parent as unknown as { children: Node[] }).children[index!] = figure(
          repository.root,
          value ?? '',
        )
      },
    )
  }
}

function figure(root: string, text: string): Node {
  const { hash, description } = diagramSource(text)
  const images = DIAGRAM_THEMES.map((theme): Node => {
    const file = diagramFile(hash, theme)
    const absolute = path.join(root, DIAGRAMS_FOLDER, file)
    if (!existsSync(absolute) || description === undefined)
      throw new Error(
        `a diagram has no ${description === undefined ? 'accDescr line' : `${DIAGRAMS_FOLDER}/${file}`}; after a change of a diagram run: cd docs && npm run diagrams\n${text}`,
      )
    return element('img', {
      className: `diagram__image diagram__image--${theme}`,
      src: `/diagrams/${file}`,
      alt: description,
      loading: 'lazy',
      ...diagramSize(readFileSync(absolute, 'utf8')),
    })
  })
  // A wide diagram scrolls sideways on a phone. A keyboard can scroll only a focused element.
  const properties = { className: 'diagram', tabIndex: 0, role: 'group', ariaLabel: 'Diagram' }
  return { ...element('div', properties), children: images }
}

const element = (hName: string, hProperties: Record<string, string | number>): Node => ({
  type: 'element',
  data: { hName, hProperties },
})
