import { leaseDatabase } from '@threshold/engines/testing'
import { deadlineAfter, silentLog, systemClock } from '@threshold/kit'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoIntents } from '../../src/migration/intents.mongodb.ts'
import { mongoMigrationState } from '../../src/migration/state.mongodb.ts'

type Mongo = Awaited<ReturnType<typeof mongoDatabase>>

const use = new AsyncDisposableStack()
let mongo: Mongo
beforeAll(async () => {
  mongo = use.use(await mongoDatabase({ uri: use.use(await leaseDatabase()).uri }))
})
afterAll(() => use.disposeAsync())

/** As the first version of the migration stored them. */
const MIGRATION = {
  _id: 'mongo-cassandra' as never,
  v: 1,
  run: 'f3b1',
  phase: 'mongo',
  since: new Date(1_700_000_000_000),
  epoch: 3,
  entered: 2,
  generation: 1,
  policy: 'queue',
  shadow: { share: 0, round: 0 },
  to: null,
  removed: false,
}
const INTENT = {
  _id: 'process:1' as never,
  v: 1,
  kind: 'insert',
  channelId: 7n,
  messageId: 8n,
  dedupe: '1:7:n',
  at: new Date(1_700_000_000_000),
  refused: 'too large',
}

describe('a move that was begun before an upgrade', () => {
  it('is read from the stored document, and written with the same fields', async () => {
    const documents = mongo.db.collection('migrations')
    await documents.insertOne({ ...MIGRATION })
    const state = mongoMigrationState(mongo, systemClock)
    const begun = (await state.read())!
    expect(begun).toMatchObject({
      runId: 'f3b1',
      phase: 'source',
      epoch: 3,
      enteredEpoch: 2,
      generation: 1,
    })
    const dualWrites = (await state.update(begun, { phase: 'dual-write' }))!
    expect(dualWrites).toMatchObject({ epoch: 4, enteredEpoch: 4, generation: 4 })
    await state.update(dualWrites, { fencedFor: 'source' })
    const stored = await documents.findOne({ _id: MIGRATION._id })
    expect(Object.keys(stored!).toSorted()).toEqual(Object.keys(MIGRATION).toSorted())
    expect(stored).toMatchObject({ phase: 'dual-write', to: 'mongo', removed: false })
  })

  it('reads the intents that were stored', async () => {
    await mongo.db.collection('migration_intents').insertOne({ ...INTENT })
    await using intents = await mongoIntents(mongo, 'other', { clock: systemClock, log: silentLog })
    expect(await intents.list(10, deadlineAfter(5_000))).toEqual([
      {
        id: 'process:1',
        at: INTENT.at,
        intent: { kind: 'insert', channelId: '7', id: '8', dedupe: '1:7:n' },
        refusal: 'too large',
      },
    ])
  })
})
