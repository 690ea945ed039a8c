import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { page, published } from '../src/report.ts'

describe('the page of the benches', () => {
  it('is generated from the published results', async () => {
    const reports = await published()
    const files = globSync('labs/bench/results/*.json').map((file) => basename(file, '.json'))
    expect(reports.map(({ name }) => name).toSorted()).toEqual(files.toSorted())
    for (const { name, picture } of reports)
      expect(existsSync(`labs/bench/results/${name}.svg`)).toBe(picture !== undefined)
    expect(await readFile('labs/bench/README.md', 'utf8')).toBe(page(reports))
  })

  it('names the machine and the engine under every table', async () => {
    for (const { environment, engine, at } of await published())
      expect(page(await published())).toContain(
        `Measured on ${environment.text}; ${engine}; ${at.slice(0, 10)}.`,
      )
  })
})
