import { setTimeout as delay } from 'node:timers/promises'
import { iterations } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dice } from './traffic.ts'
import { type Moving, startMoving } from './under-traffic.ts'

const SEED = 20_150_513
const KILLS = iterations(3, 20)

/** The last line of the plan; from here on it works. */
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
      // Every other one at once or soon, so that the first steps are met; the rest once a step is
      // done, so that the others are.
      await migrator.says(kills % 2 === 0 ? PLANNED : STEP_DONE)
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
        const where = done === undefined ? 'its first step' : `what comes after ${done}`
        met.set(where, (met.get(where) ?? 0) + 1)
        if (kills === Math.ceil(KILLS / 2)) {
          await moving.stage.kill()
          await moving.stage.restart()
        }
        // Now and then killed once more where it was resumed, before it comes to an end.
        if (kills % 5 === 2 && kills < KILLS) continue
      } else expect(code, output).toBe(0)
      await moving.endsEqual()
      await moving.back(kills % 2 === 0 ? 'source' : 'dual-write')
    }
    expect(
      met.size,
      `what the kills met: ${[...met].map(([where, n]) => `${where} ${n}`).join(', ')}`,
    ).toBeGreaterThan(1)
  })

  it('is back on MongoDB alone, by as many steps as there were', async () => {
    await moving.back('source')
    expect(moving.stage.exitReason()).toBeUndefined()
  })

  it('moves all of it to Cassandra in the end', async () => {
    await moving.endsEqual()
    expect(moving.traffic.done()).toBeGreaterThan(iterations(100, 300))
    await moving.runToEnd(['decommission'])
    expect(await moving.fixture.state.sourceHasMessages()).toBe(false)
    await moving.traffic.pause()
    expect(await moving.traffic.wrong()).toEqual([])
  })
})
