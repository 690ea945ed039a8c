import type { EngineFinding } from '@threshold/engines'
import { describe, expect, it } from 'vitest'
import { formatLabFacts, type LabInspection, labFacts } from '../src/doctor/lab-facts.ts'

const LAB = { id: '2.1', title: 'Growth', minutes: { quick: 3, full: 9 }, memory: '4 GB' }
const found = (name: string, install?: string): EngineFinding => ({
  found: 'now',
  choice: { name, standIn: false, install },
})
const facts = (change: Partial<LabInspection> = {}) =>
  labFacts({
    lab: LAB,
    findings: [found('MongoDB'), found('Cassandra')],
    memoryPeakBytes: null,
    memoryBytes: 8e9,
    ...change,
  })

describe('the facts about a lab', () => {
  it('are that it runs, with its engines, minutes and memory', () => {
    const lab = facts()
    expect(lab).toMatchObject({ runs: 'yes', why: null, engines: ['MongoDB', 'Cassandra'] })
    expect(formatLabFacts([lab]).at(-1)).toBe('  ✓ lab 2.1        Growth; 3 min; 4 GB of memory')
  })

  it('name the measured peak of the recorded run', () => {
    const [, , row] = formatLabFacts([facts({ memoryPeakBytes: 2.34e9 })])
    expect(row).toContain('2.3 GB of memory at the peak of its recorded run')
  })

  it('name what is still to fetch', () => {
    const lab = facts({ findings: [found('Cassandra', 'fetched first, 67 MB')] })
    expect(lab).toMatchObject({ runs: 'yes', toFetch: ['Cassandra, fetched first, 67 MB'] })
    expect(formatLabFacts([lab]).at(-1)).toContain('; Cassandra, fetched first, 67 MB')
  })

  it('name the engine that only a prefetch brings', () => {
    const choice = { name: 'SecantusDB', standIn: true, install: 'built first' }
    const lab = facts({ findings: [{ found: 'after-prefetch', choice }] })
    expect(lab).toMatchObject({ runs: 'after-prefetch', why: 'SecantusDB is not fetched yet' })
    expect(formatLabFacts([lab]).join('\n')).toMatch(/~ lab 2\.1 .*\n +→ npx threshold prefetch$/)
  })

  it('say why it cannot run, and the next step', () => {
    const missing: EngineFinding = { found: 'none', why: 'no Java', next: 'install Java' }
    const lab = facts({ findings: [found('MongoDB'), missing] })
    expect(lab).toMatchObject({ runs: 'no', why: 'no Java', next: 'install Java' })
    expect(formatLabFacts([lab]).join('\n')).toMatch(
      /– lab 2\.1 +Growth; does not run here: no Java.*\n +→ install Java$/,
    )
  })

  it('say that the memory of the machine is too small', () => {
    expect(facts({ memoryBytes: 3.9e9 })).toMatchObject({
      runs: 'no',
      why: 'it needs 4 GB of memory, and this machine has 3.9 GB',
    })
  })
})
