import { allCases } from './cases/index.ts'
import { CLIENT_CASES, SECTIONS, type SentenceId } from './contract/index.ts'

/** One sentence of the contract and the ids of the cases that test it. */
export interface Sentence {
  readonly id: SentenceId
  readonly text: string
  /** An entry that ends in `.*` stands for every case whose id has that prefix. */
  readonly cases: readonly string[]
}

export interface Section {
  readonly title: string
  readonly sentences: readonly Sentence[]
}

/** The contract, sentence by sentence, each with the cases that cover it. */
export const contract: readonly Section[] = SECTIONS.map(({ title, sentences }) => ({
  title,
  sentences: Object.entries(sentences).map(([key, text]) => {
    const id = key as SentenceId
    const covering = allCases.filter(({ covers }) => covers.includes(id)).map((each) => each.id)
    return { id, text, cases: [...covering, ...(CLIENT_CASES[id] ?? [])] }
  }),
}))

export const sentences: readonly Sentence[] = contract.flatMap((section) => section.sentences)

/** The sentences that a case covers. */
export const sentencesOf = (caseId: string): readonly Sentence[] =>
  sentences.filter((sentence) => sentence.cases.some((entry) => matches(entry, caseId)))

/** Whether an entry of `Sentence.cases` means this case. */
export const matches = (entry: string, caseId: string): boolean =>
  entry.endsWith('.*') ? caseId.startsWith(entry.slice(0, -1)) : entry === caseId
