import { types } from 'cassandra-driver'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SentStatement } from './recorded-driver.ts'
import { sentStatements } from './sent-statements.ts'
import { writtenStatements } from './written-statements.ts'

let sent: SentStatement[]
beforeAll(async () => {
  sent = await sentStatements()
})

const changesSchema = ({ cql }: SentStatement): boolean => cql.startsWith('CREATE')
/**
 * With a condition, from the value that was there, or by a function: twice is not the same as once.
 */
const isRepeatable = ({ cql }: SentStatement): boolean =>
  !/\bIF\b|(\w+)\s*=\s*\1\s*[+-]|[+-]\s*(\w+)\s+WHERE|\b(now|uuid)\(\)/i.test(cql)
const writesIn = ({ cql }: SentStatement): number =>
  cql.match(/\b(INSERT INTO|UPDATE|DELETE FROM)\b/g)?.length ?? 0
const timestampsIn = ({ cql }: SentStatement): number =>
  cql.match(/\bUSING TIMESTAMP \?/g)?.length ?? 0
const textsOf = (statements: readonly SentStatement[]): string[] => [
  ...new Set(statements.map(({ cql }) => cql)),
]

describe('CQL statements', () => {
  it.each(writtenStatements())('are all tested here: "$text" of $file', ({ pattern }) => {
    expect(sent.some(({ cql }) => pattern.test(cql))).toBe(true)
  })

  it('are not marked idempotent where repeating them may change something', () => {
    const unrepeatable = sent.filter((statement) => !isRepeatable(statement))
    expect(unrepeatable.length).toBeGreaterThan(0)
    const marked = unrepeatable.filter(({ options }) => options.isIdempotent === true)
    expect(textsOf(marked)).toEqual([])
  })

  it('are marked idempotent otherwise, so that a slow or lost node costs no request', () => {
    const unmarked = sent.filter(
      (statement) => isRepeatable(statement) && statement.options.isIdempotent !== true,
    )
    expect(textsOf(unmarked)).toEqual([])
  })

  it('carry a write time with every write that is marked idempotent', () => {
    const untimed = sent.filter(
      (statement) =>
        statement.options.isIdempotent === true && timestampsIn(statement) !== writesIn(statement),
    )
    expect(textsOf(untimed)).toEqual([])
  })

  it('use LOCAL_QUORUM, and LOCAL_SERIAL for lightweight transactions', () => {
    const { localQuorum, localSerial } = types.consistencies
    const data = sent.filter((statement) => !changesSchema(statement))
    const others = data.filter(({ options }) => options.consistency !== localQuorum)
    expect(textsOf(others)).toEqual([])
    const serial = data.filter(({ options }) => options.serialConsistency === localSerial)
    expect(textsOf(serial)).toEqual(textsOf(data.filter((one) => !isRepeatable(one))))
  })
})
