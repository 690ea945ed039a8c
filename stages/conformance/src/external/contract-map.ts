import { errors, workshop } from './contract/answers.ts'
import { gateway } from './contract/gateway.ts'
import { guildRules } from './contract/guild-rules.ts'
import { introduction } from './contract/introduction.ts'
import { rest } from './contract/rest.ts'
import type { Section, Sentence } from './contract/sentence.ts'
import { bites, sessions } from './contract/sessions.ts'

export type { Section, Sentence } from './contract/sentence.ts'

/**
 * The contract, sentence by sentence, and what holds a stage to each. This is the source: a
 * sentence without a case, a case without a sentence and a name that does not exist fail a test.
 */
export const contract: readonly Section[] = [
  introduction,
  rest,
  guildRules,
  workshop,
  errors,
  gateway,
  sessions,
  bites,
]

export const sentences: readonly Sentence[] = contract.flatMap((section) => section.sentences)

/** The sentences that a case is for. */
export const sentencesOf = (caseId: string): readonly Sentence[] =>
  sentences.filter((each) => each.cases.some((name) => names(name, caseId)))

/** Whether an entry of the map means a case: itself, or `prefix.*`. */
export const names = (entry: string, caseId: string): boolean =>
  entry.endsWith('.*') ? caseId.startsWith(entry.slice(0, -1)) : entry === caseId
