import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { renderReport } from '../src/report/html.ts'
import { type Report, reportSchema } from '../src/report/schema.ts'
import { findPreviousRun, saveEvidence } from '../src/run/evidence.ts'
import { MACHINE_LIMITS } from '../src/run/preflight.ts'
import { caveatsOf } from '../src/run/sample.ts'
import { rejectReason } from '../src/run/trial.ts'
import { ENGINE, reportOf, sampleOf } from './sample.ts'

const folders: string[] = []
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'threshold-report-'))
  folders.push(dir)
  return dir
}

afterEach(async () => {
  await Promise.all(folders.splice(0).map((dir) => rm(dir, { recursive: true, force: true })))
})

describe('a report', () => {
  it('names the engine beside every figure', () => {
    const page = renderReport(reportOf())
    const captions = page.match(/<figcaption>.*?<\/figcaption>/gs) ?? []
    expect(captions.length).toBe(page.split('<figure').length - 1)
    expect(captions.length).toBeGreaterThanOrEqual(6)
    for (const caption of captions) expect(caption).toContain(ENGINE.text)
    for (const table of page.split('<section>').filter((part) => part.includes('<table')))
      expect(table).toContain('SecantusDB/Rust 0.5.3')
  })

  it('needs no network', () => {
    const page = renderReport(reportOf(), {
      report: reportOf({ startedAt: '2025-12-31T10:00:00.000Z' }),
    })
    const addresses = page.match(/[a-z]+:\/\/[^\s"'<)]+/g) ?? []
    // XML namespaces, which no browser fetches.
    expect(new Set(addresses)).toEqual(
      new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']),
    )
    expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)/)
    expect(page).toContain("default-src 'none'")
  })

  it('draws charts with the colours of the page, which has a light and a dark mode', () => {
    const page = renderReport(reportOf())
    expect(page).toContain('light-dark(')
    expect(page).toMatch(/stroke="var\(--c1\)"/)
    expect(page).not.toMatch(/#0[1-5]0[1-5]0[1-5]|#110[1-6]0[1-6]/)
  })

  it('has each chart for a projector and for a phone', () => {
    const page = renderReport(reportOf())
    expect(page.split('class="wide"').length).toBe(page.split('class="narrow"').length)
    expect(page).toContain('viewBox="0 0 360')
    expect(page).toContain('viewBox="0 0 960')
  })

  it('escapes untrusted text', () => {
    const evil = '<img src=x onerror=alert(1)>'
    const page = renderReport(
      reportOf({
        verdict: 'could-not-run',
        reasons: [evil],
        prediction: { answers: [1], reason: evil, scores: ['exact'], line: evil },
      }),
    )
    expect(page).not.toContain('<img')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
  })

  it('of a run that measured nothing shows no figure and gives the reason', () => {
    const arms = reportOf().arms.map(({ engine: _, ...arm }) => arm)
    const page = renderReport(
      reportOf({
        arms,
        samples: [],
        findings: [],
        verdict: 'could-not-run',
        reasons: ['the load generator died'],
      }),
    )
    expect(page).not.toContain('<figure>')
    expect(page).toContain('Could not run')
    expect(page).toContain('the load generator died')
    expect(page).toContain('not measured')
  })

  it('names the arms whose disturbance by other programs is unknown, even if it is supported', () => {
    const unknown = {
      ...sampleOf('tenfold', 1, 10),
      machine: { loadAverage: 0.5, othersCores: null },
    }
    const samples = [sampleOf('today', 1), unknown]
    expect(caveatsOf(samples)).toEqual([
      expect.stringContaining('whether other programs disturbed tenfold is unknown'),
    ])
    expect(renderReport(reportOf({ samples }))).toContain(
      'whether other programs disturbed tenfold in words is unknown',
    )
    expect(caveatsOf(reportOf().samples)).toEqual([])
    expect(renderReport(reportOf())).not.toContain('whether other programs disturbed')
  })

  it('says that a run is a negative control', () => {
    expect(renderReport(reportOf({ control: 'the stage hangs', verdict: 'refuted' }))).toContain(
      'Negative control',
    )
  })

  it('warns if the previous run had another engine, machine or code', () => {
    const before = reportOf({ startedAt: '2025-12-31T10:00:00.000Z' })
    expect(renderReport(reportOf(), { report: before })).toContain(
      'Same engine, same machine, same code',
    )
    const arms = before.arms.map((arm) => ({
      ...arm,
      engine: { ...ENGINE, text: 'MongoDB 8.0.15 (docker)' },
    }))
    expect(renderReport(reportOf(), { report: { ...before, arms } })).toContain(
      'The runs differ in the engine',
    )
  })
})

describe('evidence', () => {
  const keep = async (dir: string, change: Partial<Report>) => {
    const draft = await folder()
    await mkdir(join(draft, 'samples'))
    await writeFile(join(draft, 'samples', 'today-1.jsonl.gz'), 'raw')
    return await saveEvidence(dir, draft, reportOf(change))
  }

  it('contains the report as it was written, and the raw samples', async () => {
    const dir = await folder()
    const { environment } = reportOf()
    const { reportJson } = await keep(dir, { environment })
    expect(reportSchema.parse(JSON.parse(await readFile(reportJson, 'utf8')))).toEqual(
      reportOf({ environment }),
    )
    expect(await readFile(join(reportJson, '..', 'samples', 'today-1.jsonl.gz'), 'utf8')).toBe(
      'raw',
    )
  })

  it('compares a run with the last one of the same lab and size that is no control', async () => {
    const dir = await folder()
    const at = (hour: string) => `2026-01-01T${hour}:00:00.000Z`
    await keep(dir, { startedAt: at('01') })
    await keep(dir, { startedAt: at('02') })
    await keep(dir, { startedAt: at('03'), size: 'full' })
    await keep(dir, { startedAt: at('04'), control: 'wrong' })
    await keep(dir, { startedAt: at('05'), samples: [], verdict: 'could-not-run' })
    const { report } = await findPreviousRun(dir, reportOf({ startedAt: at('06') }))
    expect(report?.startedAt).toBe(at('02'))
    expect(await findPreviousRun(dir, reportOf({ startedAt: at('01') }))).toEqual({})
  })

  it('says if the only earlier run has another report format', async () => {
    const dir = await folder()
    const { reportJson } = await keep(dir, {})
    const old = { ...JSON.parse(await readFile(reportJson, 'utf8')), v: 1 }
    await writeFile(reportJson, JSON.stringify(old))
    const previous = await findPreviousRun(dir, reportOf({ startedAt: '2026-01-02T00:00:00.000Z' }))
    expect(previous.report).toBeUndefined()
    expect(previous.note).toMatch(/report of format 1\. This version of Threshold reads format 3/)
    expect(renderReport(reportOf(), previous)).toContain('report of format 1')
  })
})

describe('a trial', () => {
  const usable = sampleOf('today', 1)
  const change = (load: Partial<typeof usable.load>) => ({
    ...usable,
    load: { ...usable.load, ...load },
  })

  it('counts if nothing disturbed it', () => {
    expect(rejectReason(usable, 2, MACHINE_LIMITS)).toBeUndefined()
  })

  it('is rejected for an empty load, a late generator, unsent attempts or other programs’ CPU', () => {
    const { sends, generator } = usable.load
    expect(rejectReason(change({ sends: { ...sends, due: 0 } }), 2, MACHINE_LIMITS)).toContain(
      'empty',
    )
    expect(
      rejectReason(change({ generator: { ...generator, lagP99Ms: 101 } }), 2, MACHINE_LIMITS),
    ).toContain('fell behind')
    expect(rejectReason(change({ sends: { ...sends, unsent: 3 } }), 2, MACHINE_LIMITS)).toContain(
      'unsent',
    )
    expect(
      rejectReason({ ...usable, machine: { loadAverage: 1, othersCores: 1 } }, 2, MACHINE_LIMITS),
    ).toContain('other programs used 50%')
    expect(
      rejectReason(
        { ...usable, machine: { loadAverage: 1, othersCores: null } },
        2,
        MACHINE_LIMITS,
      ),
    ).toBeUndefined()
  })
})
