import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { aMessage, newId, soon, writeTime } from '@threshold/conformance/ports'
import { firstIdAt } from '@threshold/contract'
import { type StageProcess, startStage } from '@threshold/engines'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectEqual, onCassandra } from './equal.ts'
import { type House, openHouse } from './house.ts'
import { startMigrator } from './process.ts'
import { dice, startTraffic, type Traffic } from './traffic.ts'

const SEED = 20_150_513
const KILLS = 20
const OLD = 800
/** So slowly that a walk takes some seconds, which is what a kill can meet. */
const PACE = ['--rate', '1000', '--shadow', '1']

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

const phase = async () => (await house.state.read())?.phase

describe('the migrator, under live traffic', { timeout: 240_000 }, () => {
  it(`killed with -9 at ${KILLS} random moments, and the stage once, ends with equal stores`, async () => {
    const roll = dice(SEED)
    let [kills, walks] = [0, 0]
    const met = new Map<string, number>()
    while (kills < KILLS || walks === 0) {
      const migrator = startMigrator(env, ['all', '--until', 'cutover', ...pace])
      await migrator.working
      const ended = await Promise.race([migrator.ended, delay(roll(1_500))])
      if (ended === undefined) {
        migrator.kill()
        const { signal, output } = await migrator.ended
        // A walk that ended in the very moment is one.
        if (signal === 'SIGKILL') {
          kills += 1
          const where = output.trim().split('\n').at(-1)!.split(':')[0]!
          met.set(where, (met.get(where) ?? 0) + 1)
          if (kills === KILLS / 2) {
            await stage.kill()
            await stage.restart()
          }
          continue
        }
      } else expect(ended.code, ended.output).toBe(0)
      walks += 1
      expect(await phase()).toBe('cutover')
      if (kills >= KILLS) break
      await insist(['rollback'])
      if (walks === 1) await insist(['rollback'])
    }
    expect(met.size, `what the kills met: ${[...met].map(([where, n]) => `${where} ${n}`).join(', ')}`).toBeGreaterThan(1)
    expect(await traffic.wrong().then((all) => all.filter((one) => one.startsWith('doubled')))).toEqual([])
  })

  it('is back on MongoDB alone, by as many steps as there were', async () => {
    while ((await phase()) !== 'mongo') await insist(['rollback'])
    expect(stage.ended()).toBeUndefined()
  })

  it.each([
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
    await traffic.stop()
    expect(await traffic.wrong()).toEqual([])
    const { messages } = await expectEqual(house)
    expect(messages.size).toBeGreaterThan(OLD)
    expect(traffic.done()).toBeGreaterThan(500)
  })

  it.each([
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
    const before = await onCassandra(house)
    await insist(['decommission'])
    expect(await house.state.hasMessages()).toBe(false)
    expect(await onCassandra(house)).toEqual(before)
    expect(await traffic.wrong()).toEqual([])
  })
})
