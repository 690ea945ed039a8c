import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onCassandra } from './equal.ts'
import { type Moving, startMoving } from './under-traffic.ts'

const use = new AsyncDisposableStack()
let moving: Moving
beforeAll(async () => {
  if (allTests()) moving = await startMoving(use, 20_170_117)
}, 1_200_000)
afterAll(() => use.disposeAsync())

/** Each failpoint is before or after a durable change: a phase, a checkpoint, the fence, a drop. */
describe.runIf(allTests())(
  'the migrator, killed at a failpoint under live traffic',
  { timeout: 240_000 },
  () => {
    it.each([
      ['before dual-write', 'source'],
      ['after dual-write', 'dual-write'],
      ['before a checkpoint', 'dual-write'],
      ['after a checkpoint', 'dual-write'],
      ['before the backfill is done', 'dual-write'],
      ['after the backfill is done', 'dual-write'],
      ['before the verification is done', 'dual-write'],
      ['after the verification is done', 'dual-write'],
      ['before comparing reads', 'dual-write'],
      ['after comparing reads', 'dual-write'],
      ['before raising the fence', 'dual-write'],
      ['after raising the fence', 'dual-write'],
      ['before cutover', 'dual-write'],
      ['after cutover', 'cutover'],
    ])('%s leaves phase %s, and ends with equal stores', async (failpoint, left) => {
      await moving.back('source')
      await killed(['all', '--until', 'cutover'], failpoint, left)
      await moving.endsEqual()
    })

    it.each([
      ['before dual-write', 'cutover'],
      ['after dual-write', 'dual-write'],
      ['before source', 'dual-write'],
      ['after source', 'source'],
    ])('in a rollback, %s leaves phase %s, and ends with equal stores', async (failpoint, left) => {
      await moving.endsEqual()
      if (failpoint.endsWith('source')) await moving.back('dual-write')
      await killed(['rollback'], failpoint, left)
      await moving.endsEqual()
    })

    it.each([
      ['before decommissioned', 'cutover'],
      ['after decommissioned', 'decommissioned'],
      ['before dropping messages', 'decommissioned'],
      ['after dropping messages', 'decommissioned'],
      ['after dropping nonces', 'decommissioned'],
      ['before the end', 'decommissioned'],
    ])('in the last step, %s leaves phase %s', (failpoint, left) =>
      killed(['all'], failpoint, left),
    )

    it('leaves every message on Cassandra alone', async () => {
      await moving.traffic.pause()
      const before = await onCassandra(moving.fixture)
      await moving.runToEnd(['all'])
      expect(await moving.fixture.state.sourceHasMessages()).toBe(false)
      expect(await onCassandra(moving.fixture)).toEqual(before)
      expect(await moving.traffic.wrong()).toEqual([])
    })

    async function killed(args: readonly string[], failpoint: string, left: string): Promise<void> {
      const { signal, output } = await moving.start(args, failpoint).ended
      expect(signal, output).toBe('SIGKILL')
      expect(await moving.phase()).toBe(left)
    }
  },
)
