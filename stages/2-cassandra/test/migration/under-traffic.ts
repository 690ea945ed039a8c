import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { firstIdAt } from '@threshold/contract'
import { type StageProcess, startStage } from '@threshold/engines'
import { acquireLock } from '@threshold/engines/testing'
import type { Phase } from '@threshold/migration'
import { expect } from 'vitest'
import { expectEqual } from './equal.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { type MigratorProcess, startMigrator } from './process.ts'
import { startTraffic, type Traffic } from './traffic.ts'

const OLD = 1_000
/** Slow enough that there is something to kill. */
const PACE = ['--rate', '4000', '--shadow', '1']

/** A stage in use while its messages move, and a migrator to be killed. */
export interface Moving {
  readonly fixture: Fixture
  readonly stage: StageProcess
  readonly traffic: Traffic
  start(args: readonly string[], dieAt?: string): MigratorProcess
  /** Runs the migrator to its end. It waits until a killed process of the stage counts no more. */
  runToEnd(args: readonly string[]): Promise<string>
  phase(): Promise<Phase | undefined>
  /** Rolls back until the move is in this phase. */
  back(to: 'source' | 'dual-write'): Promise<void>
  /**
   * Goes on to the cutover from wherever the move was left, and expects every acknowledged write to
   * be there, once and in order, in both stores.
   */
  endsEqual(): Promise<void>
}

/** Takes a lock: two moves under traffic at once would slow each other down on one disk. */
export async function startMoving(use: AsyncDisposableStack, seed: number): Promise<Moving> {
  use.defer(await acquireLock('a-move-under-traffic'))
  const folder = await mkdtemp(join(tmpdir(), 'threshold-kills-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  const pace = [...PACE, '--checkpoints', folder]
  const fixture = await openFixture(use)
  const { mongodb: engineUri, cassandra: cassandraUri } = fixture.uris
  const env = { THRESHOLD_MONGODB_URI: engineUri, THRESHOLD_CASSANDRA_URI: cassandraUri }
  await fill(fixture)
  const stage = use.use(await startStage({ stage: 2, engineUri, cassandraUri }))
  const traffic = await startTraffic(stage.url, seed)
  use.defer(() => traffic.pause())

  const start: Moving['start'] = (args, dieAt) => startMigrator(env, [...args, ...pace], dieAt)
  async function runToEnd(args: readonly string[]): Promise<string> {
    const { code, output } = await start(args).ended
    expect(code, output).toBe(0)
    return output
  }
  const phase = async () => (await fixture.state.read())?.phase
  return {
    fixture,
    stage,
    traffic,
    start,
    runToEnd,
    phase,
    async back(to) {
      while ((await phase()) !== to) await runToEnd(['rollback'])
    },
    async endsEqual() {
      await runToEnd(['all', '--until', 'cutover'])
      await traffic.pause()
      expect(await traffic.wrong()).toEqual([])
      const { messages } = await expectEqual(fixture)
      expect(messages.size).toBeGreaterThanOrEqual(OLD)
      traffic.resume()
    },
  }
}

/** Inserts stage 1's messages: some weeks of them, a few edited, a few with reactions. */
async function fill(fixture: Fixture): Promise<void> {
  const { store } = fixture.ends.source
  const channel = newId()
  const old = Array.from({ length: OLD }, (_, i) => {
    const at = Date.now() - (i + 1) * 1_500_000
    return aMessage(channel, {
      id: firstIdAt(at),
      writeTimeMicros: BigInt(at) * 1_000n,
      content: `old ${i}`,
    })
  })
  await store.import(old, testDeadline())
  for (const { id } of old.filter((_, i) => i % 50 === 0)) {
    await store.edit(
      {
        id,
        channelId: channel,
        set: { content: 'edited', editedAt: 1 },
        writeTimeMicros: writeTime(),
      },
      testDeadline(),
    )
    await store.react(
      {
        v: 1,
        channelId: channel,
        messageId: id,
        emoji: '👍',
        userId: '7',
        writeTimeMicros: writeTime(),
      },
      testDeadline(),
    )
  }
}
