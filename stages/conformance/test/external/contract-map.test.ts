import { describe, expect, it } from 'vitest'
import { clientCases } from '../../src/clients/index.ts'
import { allCases } from '../../src/external/cases/index.ts'
import { names, sentences, sentencesOf } from '../../src/external/contract-map.ts'

const doubled = (list: readonly string[]): string[] =>
  list.filter((each, i) => list.indexOf(each) !== i)
const caseIds = allCases.map((one) => one.id)

describe('the contract’s map', () => {
  it('has an id of its own for every sentence and every case', () => {
    expect(doubled(sentences.map((sentence) => sentence.id))).toEqual([])
    expect(doubled(sentences.map((sentence) => sentence.text))).toEqual([])
    expect(doubled([...caseIds, ...clientCases])).toEqual([])
  })

  it('has a case for every sentence, and names only cases that exist', () => {
    for (const { id, cases } of sentences) {
      expect(cases, id).not.toEqual([])
      expect(doubled(cases), id).toEqual([])
      for (const entry of cases)
        expect(
          [...caseIds, ...clientCases].some((one) => names(entry, one)),
          `${id} names ${entry}`,
        ).toBe(true)
    }
  })

  it('has a sentence for every case', () => {
    expect([...caseIds, ...clientCases].filter((id) => sentencesOf(id).length === 0)).toEqual([])
  })

  it('gives cases readable ids and a sentence each', () => {
    for (const { id, title: sentence } of allCases) {
      expect(id).toMatch(/^(rest|gateway|workshop)(\.[a-z0-9-]+)+$/)
      expect(sentence.length, id).toBeGreaterThan(15)
    }
  })
})
