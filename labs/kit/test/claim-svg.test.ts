import { describe, expect, it } from 'vitest'
import { claimSvg } from '../src/report/claim-svg.ts'
import { reportOf } from './sample.ts'

describe('the picture of a claim as a stand-alone SVG', () => {
  const report = reportOf()
  const svg = claimSvg(report)

  it('has a title and a description for screen readers', () => {
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description"/)
    expect(svg).toContain(`<title id="title">Lab ${report.lab.id}: `)
    expect(svg).toMatch(/<desc id="description">.+<\/desc>/)
  })

  it('follows light and dark mode without a file beside it', () => {
    expect(svg).toContain('light-dark(')
    expect(svg).not.toMatch(/href=|url\(/)
  })

  it('escapes text', () => {
    const headline = { ...report.headline, sentence: '<b>&' }
    const escaped = claimSvg({ ...report, headline })
    expect(escaped).toContain('&lt;b&gt;&amp;')
    expect(escaped).not.toContain('<b>')
  })
})
