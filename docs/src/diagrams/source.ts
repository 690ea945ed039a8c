import { createHash } from 'node:crypto'

/** A diagram of a page: a `mermaid` code block, which a code host draws by itself. */
export interface DiagramSource {
  /** Hash of the source. It names the rendered files, so a changed diagram has none. */
  readonly hash: string
  readonly text: string
  /** The text alternative: the diagram's `accDescr` line. */
  readonly description: string | undefined
}

/** The folder of the rendered diagrams, relative to the root of the repository. */
export const DIAGRAMS_FOLDER = 'docs/static/diagrams'

/** The two renderings of a diagram: on a light page, and on a dark one. */
export const DIAGRAM_THEMES = ['light', 'dark'] as const
export type DiagramTheme = (typeof DIAGRAM_THEMES)[number]

export const diagramFile = (hash: string, theme: DiagramTheme): string => `${hash}-${theme}.svg`

export const diagramSource = (text: string): DiagramSource => ({
  hash: createHash('sha256').update(text).digest('hex').slice(0, 16),
  text,
  description: /^\s*accDescr:\s*(.+)$/m.exec(text)?.[1]?.trim(),
})

/** The diagrams of a Markdown page, in its order. */
export const diagramsIn = (markdown: string): DiagramSource[] =>
  [...markdown.matchAll(/^```mermaid\n(.*?)\n```$/gms)].map((match) => diagramSource(match[1]!))

/** The size that a rendered diagram has without scaling, in CSS pixels. */
export function diagramSize(svg: string): { width: number; height: number } {
  const [, width, height] = /viewBox="\S+ \S+ (\S+) (\S+)"/.exec(svg) ?? []
  return { width: Math.ceil(Number(width)), height: Math.ceil(Number(height)) }
}
