import { randomBytes, randomUUID } from 'node:crypto'
import { leaseDatabase } from '@threshold/engines/testing'
import { createRuntime, deadlineAfter, unavailable } from '@threshold/kit'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { expect, it } from 'vitest'
import { followMigration } from '../../src/migration/follow.ts'
import { type MigrationState, migrationState } from '../../src/migration/phases.ts'

const noReads = () => ({ round: 0, same: 0, differing: 0, failed: 0, doubtful: 0 })

it('a hold that cannot be given back at first is given back later, with no migrator there', {
  timeout: 30_000,
}, async () => {
  await using use = new AsyncDisposableStack()
  const mongo = use.use(await mongoDatabase({ uri: use.use(await leaseDatabase()).uri }))
  const runtime = createRuntime({ random: randomBytes })
  const state = migrationState(mongo, runtime.clock)
  let refusals = 0
  // The database is away just when the hold is to be given back.
  const refusing: MigrationState = {
    ...state,
    async move(from, change) {
      if (++refusals === 1) throw unavailable('MongoDB')
      return await state.move(from, change)
    },
  }
  const begun = await state.begin('dual-write')
  const following = use.use(await followMigration(refusing, randomUUID(), runtime, noReads))
  await state.move(begun, { to: 'cutover' })
  await expect.poll(() => following.now().to).toBe('cutover')
  expect(
    await following.write(deadlineAfter(15_000, runtime.clock), async ({ phase }) => phase),
  ).toBe('dual-write')
  expect(refusals).toBe(2)
  expect((await state.read())?.to).toBeUndefined()
})
