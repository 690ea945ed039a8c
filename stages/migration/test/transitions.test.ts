import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  type Fact,
  FORWARD_STEPS,
  isTaken,
  nextForward,
  type Phase,
  ROLES,
  STEPS,
  stateDiagram,
  TRANSITIONS,
  transitionFrom,
} from '../src/transitions.ts'

const PHASES = Object.keys(ROLES) as Phase[]

describe('the transition table', () => {
  it('offers each step once, in the order in which they are taken', () => {
    expect(FORWARD_STEPS).toEqual(['dual-write', 'backfill', 'verify', 'cutover', 'decommission'])
    expect(STEPS).toEqual([
      'plan',
      'dual-write',
      'backfill',
      'verify',
      'cutover',
      'rollback',
      'decommission',
      'status',
      'all',
    ])
  })

  it('raises the write fence where the primary changes, and nowhere that writes could not wait', () => {
    for (const { from, to, fenced } of TRANSITIONS) {
      const changes = ROLES[from].primary !== ROLES[to].primary
      expect([from, to, fenced === true]).toEqual([from, to, changes])
    }
  })

  it('establishes every fact that a step needs in an earlier step', () => {
    const established = new Set<Fact>()
    for (const { step, needs, establishes } of TRANSITIONS) {
      for (const fact of needs) expect(established, `${step} needs ${fact}`).toContain(fact)
      for (const fact of establishes) established.add(fact)
    }
  })

  it('leads from every phase to the end, and back from all but the last', async () => {
    for (const start of PHASES) {
      let phase = start
      const facts = new Set<Fact>()
      for (let steps = 0; ; steps++) {
        expect(steps).toBeLessThan(10)
        const step = await nextForward(phase, async (fact) => facts.has(fact))
        if (step === undefined) break
        const { to, needs, establishes } = transitionFrom(phase, step)!
        for (const fact of needs) expect(facts).toContain(fact)
        for (const fact of establishes) facts.add(fact)
        phase = to
      }
      expect(phase).toBe('decommissioned')
    }
    expect(PHASES.filter((phase) => transitionFrom(phase, 'rollback'))).toEqual([
      'dual-write',
      'cutover',
    ])
  })

  it('asks for another verification where the pages that were compared differ', async () => {
    const facts: readonly Fact[] = ['backfilled', 'verified']
    expect(await nextForward('dual-write', async (fact) => facts.includes(fact))).toBe('verify')
  })

  it('knows a step that has been taken from one that is out of order', () => {
    expect(isTaken('cutover', 'cutover')).toBe(true)
    expect(isTaken('source', 'rollback')).toBe(true)
    expect(isTaken('source', 'cutover')).toBe(false)
  })
})

it('the diagram in the README is the transition table', async () => {
  const readme = await readFile(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  expect(readme).toContain(`\`\`\`mermaid\n${stateDiagram()}\n\`\`\``)
})
