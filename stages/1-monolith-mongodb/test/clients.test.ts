import { stderr } from 'node:process'
import { testClients } from '@threshold/conformance/clients'
import { type StageProcess, startStage } from '@threshold/engines'
import { type LeasedDatabase, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

let database: LeasedDatabase
let stage: StageProcess

beforeAll(async () => {
  database = await leaseDatabase()
  stage = await startStage({ stage: 1, engineUri: database.uri })
})
afterAll(async () => {
  await stage?.stop()
  await database?.[Symbol.asyncDispose]()
})

testClients('stage 1', {
  baseUrl: () => stage.url,
  onProgress: ({ text }) => stderr.write(`clients: ${text}\n`),
})
