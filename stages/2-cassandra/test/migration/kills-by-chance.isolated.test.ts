import { setTimeout as delay } from 'node:timers/promises'
import { iterations } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dice } from './traffic.ts'
import { type Moving, startMoving } from './under-traffic.ts'

const SEED = 20_150_513
const KILLS = iterations(3, 20)

/** The last line of the plan. The work begins after it. */
const PLANNED = /^next:/m
const STEP_DONE = /^(dual-write|backfill|verify|cutover):/m

const use = new AsyncDisposableStack()
let moving: Moving
beforeAll(async () => {
  moving = await startMoving(use, SEED)
}, 1_200_000)
afterAll(() => use.disposeAsync())

describe('the migrator, under live traffic', { timeout: iterations(240_000, 1_200_000) }, () => {
  it(`killed with -9 at ${KILLS} random moments, and the stage once, ends with equal stores each time`, async () => {
    const roll = dice(SEED)
    const met = new Map<string, number>()
    for (let kills = 0; kills < KILLS; ) {
      const migrator = moving.start(['all', '--until', 'cutover'])
      // Every other kill comes at once or soon, to meet the first steps. The rest come after a step
      // is done, to meet the later ones.
      await migrator.printed(kills % 2 === 0 ? PLANNED : STEP_DONE)
      const within = [0, 900, 900, 3_000][kills % 4]!
      const ended = await Promise.race([migrator.ended, delay(within === 0 ? 0 : roll(within))])
      if (ended === undefined) migrator.kill()
      const { signal, code, output } = ended ?? (await migrator.ended)
      if (signal === 'SIGKILL') {
        kills += 1
        const done = output
          .split('\n')
          .findLast((line) => STEP_DONE.test(line))
          ?.split(':')[0]
        const where = done === undefined ? 'the first step' : `the step after ${done}`
        met.set(where, (met.get(where) ?? 0) + 1)
        if (kills === Math.ceil(KILLS / 2)) {
          await moving.stage.kill()
          await moving.stage.restart()
        }
        // Every fifth time the resumed migrator is killed too.
        if (kills % 5 === 2 && kills < KILLS) continue
      } else expect(code, output).toBe(0)
      await moving.endsEqual()
      await moving.back(kills % 2 === 0 ? 'source' : 'dual-write')
    }
    expect(
      met.size,
      `the kills met: ${[...met].map(([where, n]) => `${where} ${n}`).join(', ')}`,
    ).toBeGreaterThan(1)
  })

  it('goes back to MongoDB alone by rollbacks', async () => {
    await moving.back('source')
    expect(moving.stage.exitReason()).toBeUndefined()
  })

  it('moves every message to Cassandra in the end', async () => {
    await moving.endsEqual()
    expect(moving.traffic.done()).toBeGreaterThan(iterations(100, 300))
    await moving.runToEnd(['decommission'])
    expect(await moving.fixture.state.sourceHasMessages()).toBe(false)
    await moving.traffic.pause()
    expect(await moving.traffic.wrong()).toEqual([])
  })
})
