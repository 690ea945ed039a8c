import { randomBytes, randomUUID } from 'node:crypto'
import { leaseDatabase } from '@threshold/engines/testing'
import { createRuntime, deadlineAfter, unavailable } from '@threshold/kit'
import type { MigrationState } from '@threshold/migration'
import { joinMigration } from '@threshold/migration/participant'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { expect, it } from 'vitest'
import { mongoMigrationState } from '../../src/migration/state.mongodb.ts'

const noReads = () => ({ round: 0, same: 0, differing: 0, failed: 0, doubtful: 0 })

it('lowers a dead migrator’s write fence, also when its first try fails', {
  timeout: 30_000,
}, async () => {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await mongoDatabase({ uri: use.use(await leaseDatabase()).uri }))
  const runtime = createRuntime({ random: randomBytes })
  const state = mongoMigrationState(mongo, runtime.clock)
  let tries = 0
  // The database is away just when the fence is to be lowered.
  const failing: MigrationState = {
    ...state,
    async update(from, change) {
      if (++tries === 1) throw unavailable('MongoDB')
      return await state.update(from, change)
    },
  }
  const begun = await state.begin('dual-write')
  const participation = use.use(await joinMigration(failing, randomUUID(), runtime, noReads))
  await state.update(begun, { fencedFor: 'cutover' })
  await expect.poll(() => participation.current().fencedFor).toBe('cutover')
  const deadline = deadlineAfter(15_000, runtime.clock)
  expect(await participation.write(deadline, async ({ phase }) => phase)).toBe('dual-write')
  expect(tries).toBe(2)
  expect((await state.read())?.fencedFor).toBeUndefined()
})
