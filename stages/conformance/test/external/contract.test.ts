import { describe, expect, it } from 'vitest'
import { clientCases } from '../../src/clients/index.ts'
import { allCases } from '../../src/external/cases/index.ts'
import { matches, sentences, sentencesOf } from '../../src/external/contract.ts'

const duplicates = (list: readonly string[]): string[] =>
  list.filter((each, i) => list.indexOf(each) !== i)
const caseIds = [...allCases.map((each) => each.id), ...clientCases]

describe('the contract', () => {
  it('gives every sentence and every case an id of its own', () => {
    expect(duplicates(sentences.map((sentence) => sentence.id))).toEqual([])
    expect(duplicates(sentences.map((sentence) => sentence.text))).toEqual([])
    expect(duplicates(caseIds)).toEqual([])
  })

  it('has a case for every sentence, and names only cases that exist', () => {
    for (const { id, cases } of sentences) {
      expect(cases, id).not.toEqual([])
      expect(duplicates(cases), id).toEqual([])
      for (const entry of cases)
        expect(
          caseIds.some((caseId) => matches(entry, caseId)),
          `${id} names ${entry}`,
        ).toBe(true)
    }
  })

  it('has a sentence for every case', () => {
    expect(caseIds.filter((id) => sentencesOf(id).length === 0)).toEqual([])
  })

  it('names a sentence at most once in a case', () => {
    expect(allCases.filter(({ covers }) => duplicates(covers).length > 0)).toEqual([])
  })

  it('gives cases readable ids and a title each', () => {
    for (const { id, title } of allCases) {
      expect(id).toMatch(/^(rest|gateway|workshop)(\.[a-z0-9-]+)+$/)
      expect(title.length, id).toBeGreaterThan(15)
    }
  })
})
