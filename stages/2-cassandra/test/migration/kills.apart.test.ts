import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { aMessage, newId, soon, writeTime } from '@threshold/conformance/ports'
import { firstIdAt } from '@threshold/contract'
import { type StageProcess, startStage } from '@threshold/engines'
import { rounds, testsAll } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectEqual, onCassandra } from './equal.ts'
import { type House, openHouse } from './house.ts'
import { startMigrator } from './process.ts'
import { dice, startTraffic, type Traffic } from './traffic.ts'

const SEED = 20_150_513
const KILLS = rounds(4, 20)
const OLD = 1_000
/** Not as fast as it can, so that there is something to kill. */
const PACE = ['--rate', '4000', '--shadow', '1']

const use = new AsyncDisposableStack()
let house: House
let stage: StageProcess
let traffic: Traffic
let env: Record<string, string>
let pace: string[]

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-kills-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  pace = [...PACE, '--checkpoints', folder]
  house = await openHouse(use)
  const { mongodb: engineUri, cassandra: cassandraUri } = house.uris
  env = { THRESHOLD_MONGODB_URI: engineUri, THRESHOLD_CASSANDRA_URI: cassandraUri }
  await fill()
  stage = use.use(await startStage({ stage: 2, engineUri, cassandraUri }))
  traffic = await startTraffic(stage.url, SEED)
  use.defer(() => traffic.pause())
})
afterAll(() => use.disposeAsync())

/** What stage 1 left: old messages of some weeks, a few of them edited, a few with reactions. */
async function fill(): Promise<void> {
  const { store } = house.sides.mongo
  const channel = newId()
  const old = Array.from({ length: OLD }, (_, i) => {
    const at = Date.now() - (i + 1) * 1_500_000
    return aMessage(channel, { id: firstIdAt(at), writeTimeMicros: BigInt(at) * 1_000n, content: `old ${i}` })
  })
  await store.import(old, soon())
  for (const { id } of old.filter((_, i) => i % 50 === 0)) {
    await store.edit({ id, channelId: channel, set: { content: 'edited', editedAt: 1 }, writeTimeMicros: writeTime() }, soon())
    await store.react({ v: 1, channelId: channel, messageId: id, emoji: '👍', userId: '7', writeTimeMicros: writeTime() }, soon())
  }
}

/** To the end, however often it takes: a process that was just killed is counted out after some seconds. */
async function insist(args: readonly string[]): Promise<string> {
  const { code, output } = await startMigrator(env, [...args, ...pace]).ended
  expect(code, output).toBe(0)
  return output
}

/** While nobody writes: what was acknowledged is there, once and in order, and the two stores are equal. */
async function expectAllThere(): Promise<void> {
  await traffic.pause()
  expect(await traffic.wrong()).toEqual([])
  const { messages } = await expectEqual(house)
  expect(messages.size).toBeGreaterThanOrEqual(OLD)
  traffic.resume()
}

const phase = async () => (await house.state.read())?.phase

describe('the migrator, under live traffic', { timeout: 240_000 }, () => {
  it(`killed with -9 at ${KILLS} random moments, and the stage once, ends with equal stores`, async () => {
    const roll = dice(SEED)
    let [kills, walks] = [0, 0]
    const met = new Map<string, number>()
    while (kills < KILLS) {
      const migrator = startMigrator(env, ['all', '--until', 'cutover', ...pace])
      await migrator.working
      // Soon for most, so that a step is killed again where it was resumed; later for some, so that the end is met too.
      const ended = await Promise.race([migrator.ended, delay(roll(kills % 4 === 3 ? 3_000 : 900))])
      if (ended === undefined) migrator.kill()
      const { signal, code, output } = ended ?? (await migrator.ended)
      if (signal === 'SIGKILL') {
        kills += 1
        const where = output.trim().split('\n').at(-1)!.split(':')[0]!
        met.set(where, (met.get(where) ?? 0) + 1)
        if (kills !== KILLS / 2) continue
        await stage.kill()
        await stage.restart()
      } else {
        expect(code, output).toBe(0)
        walks += 1
        expect(await phase()).toBe('cutover')
        await insist(['rollback'])
        if (walks % 2 === 1) await insist(['rollback'])
      }
    }
    await insist(['all', '--until', 'cutover'])
    expect(met.size, `what the kills met: ${[...met].map(([where, n]) => `${where} ${n}`).join(', ')}`).toBeGreaterThan(1)
    await expectAllThere()
  })

  it('is back on MongoDB alone, by as many steps as there were', async () => {
    while ((await phase()) !== 'mongo') await insist(['rollback'])
    expect(stage.ended()).toBeUndefined()
  })

  it.runIf(testsAll()).each([
    ['all', 'before dual-write', 'mongo'],
    ['all', 'after dual-write', 'dual-write'],
    ['all', 'before a checkpoint', 'dual-write'],
    ['all', 'after a checkpoint', 'dual-write'],
    ['all', 'before the backfill is done', 'dual-write'],
    ['all', 'after the backfill is done', 'dual-write'],
    ['all', 'before the verification is done', 'dual-write'],
    ['all', 'after the verification is done', 'dual-write'],
    ['verify', 'before comparing reads', 'dual-write'],
    ['verify', 'after comparing reads', 'dual-write'],
    ['all', 'before holding writes', 'dual-write'],
    ['all', 'after holding writes', 'dual-write'],
    ['all', 'before cutover', 'dual-write'],
    ['all', 'after cutover', 'cutover'],
    ['rollback', 'before dual-write', 'cutover'],
    ['rollback', 'after dual-write', 'dual-write'],
    ['rollback', 'before mongo', 'dual-write'],
    ['rollback', 'after mongo', 'mongo'],
  ])('%s, killed %s, leaves phase %s', async (step, moment, left) => {
    const { signal, output } = await startMigrator(env, [step, '--until', 'cutover', ...pace], moment).ended
    expect(signal, output).toBe('SIGKILL')
    expect(await phase()).toBe(left)
  })

  it('ends, with all that was acknowledged, once each and in order, and the same in both stores', async () => {
    await insist(['all', '--until', 'cutover'])
    await expectAllThere()
    expect(traffic.done()).toBeGreaterThan(rounds(100, 300))
  })

  it.runIf(testsAll()).each([
    ['before decommissioned', 'cutover'],
    ['after decommissioned', 'decommissioned'],
    ['before dropping messages', 'decommissioned'],
    ['after dropping messages', 'decommissioned'],
    ['after dropping nonces', 'decommissioned'],
  ])('decommission, killed %s, is done by the next', async (moment, left) => {
    const { signal, output } = await startMigrator(env, ['decommission', ...pace], moment).ended
    expect(signal, output).toBe('SIGKILL')
    expect(await phase()).toBe(left)
  })

  it('leaves all of it on Cassandra alone', async () => {
    await traffic.pause()
    const before = await onCassandra(house)
    await insist(['decommission'])
    expect(await house.state.hasMessages()).toBe(false)
    expect(await onCassandra(house)).toEqual(before)
    expect(await traffic.wrong()).toEqual([])
  })
})
