import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  DIAGRAM_THEMES,
  DIAGRAMS_FOLDER,
  diagramFile,
  diagramSize,
  diagramSource,
  diagramsIn,
} from '../src/diagrams/source.ts'
import { repository } from '../src/plugins/repository.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const { pages, read } = repository(ROOT)
const sources = pages().flatMap((page) =>
  diagramsIn(read(page)).map((source) => ({ page, ...source })),
)
const files = sources.flatMap(({ hash }) => DIAGRAM_THEMES.map((theme) => diagramFile(hash, theme)))

describe('the rendered diagrams', () => {
  it('have a text alternative each', () => {
    expect(sources.length).toBeGreaterThan(5)
    expect(sources.filter(({ description }) => description === undefined)).toEqual([])
  })

  it('are those of the present sources, and no others: cd docs && npm run diagrams', () => {
    expect(readdirSync(path.join(ROOT, DIAGRAMS_FOLDER)).toSorted()).toEqual(
      [...new Set(files)].toSorted(),
    )
  })

  it('state their size, and draw without HTML or other files', () => {
    for (const file of files) {
      const svg = readFileSync(path.join(ROOT, DIAGRAMS_FOLDER, file), 'utf8')
      const { width, height } = diagramSize(svg)
      expect(Math.min(width, height), file).toBeGreaterThan(50)
      expect(svg, file).not.toMatch(/<foreignObject|href="http|url\(http|@import/)
    }
  })

  it('get another name when their source changes', () => {
    const [{ hash, text }] = sources as [(typeof sources)[number]]
    expect(diagramSource(`${text}\n  A --> B`).hash).not.toBe(hash)
    expect(existsSync(path.join(ROOT, DIAGRAMS_FOLDER, diagramFile(hash, 'light')))).toBe(true)
  })
})
