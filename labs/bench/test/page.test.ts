import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { page, published } from '../src/report.ts'

describe('the page of the bench', () => {
  it('is what the published results come to, and nothing typed', async () => {
    const reports = await published()
    expect(reports.map(({ name }) => name)).toEqual(['fanout', 'route'])
    expect(await readFile('labs/bench/README.md', 'utf8')).toBe(page(reports))
  })

  it('names machine and engine beside every table', async () => {
    for (const { environment, engine, at } of await published())
      expect(page(await published())).toContain(`Measured on ${environment.text}; ${engine}; ${at.slice(0, 10)}.`)
  })
})
