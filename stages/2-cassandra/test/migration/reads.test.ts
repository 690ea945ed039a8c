import { setTimeout as delay } from 'node:timers/promises'
import { aMessage, newId } from '@threshold/conformance/ports'
import { createTelemetry, silentLog, systemClock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import type { Migration, ShadowReads } from '../../src/migration/phases.ts'
import { createShadow } from '../../src/migration/shadow.ts'
import type { Look } from '../../src/migration/steps/move.ts'
import { comparedReads } from '../../src/migration/steps/reads.ts'

const channel = newId()
const answering = (page: MessageStore['page']) => ({ page }) as MessageStore
const showing = (content: string) =>
  answering(async () => [aMessage(channel, { id: '1', content, writeTimeMicros: 1n })])

/** A process that compares, and a migrator that asks it. */
function house(share = 1) {
  const migration = { phase: 'dual-write', shadow: { share, round: 1 } } as Migration
  const differences: number[] = []
  const noted = new Set<string>()
  const telemetry = createTelemetry({ service: 'test' })
  const shadow = createShadow(
    () => migration,
    { differed: async (round) => void differences.push(round) },
    { about: async (ids) => new Set(ids.filter((id) => noted.has(id))) },
    { clock: systemClock, log: silentLog, telemetry },
  )
  const state = {
    followers: async () => [{ shadow: shadow.counts() }],
    differences: async () => differences.length,
  }
  const look = { state, teller: { say() {}, progress() {} } } as unknown as Look
  const read = (primary: MessageStore, follower: MessageStore) =>
    shadow.compare({ channel, anchor: { at: 'latest' }, limit: 50 }, [], primary, follower)
  return { noted, read, asked: () => comparedReads(look, migration) }
}

describe('pages that are read from both stores before a cut-over', { timeout: 30_000 }, () => {
  it('that differ are waited for, though it takes them longer than a chat in which nobody reads', async () => {
    const { read, asked } = house()
    for (let n = 0; n < 4; n++) read(showing('one'), showing('other'))
    expect(await asked()).toMatchObject({ same: 0, differing: expect.toSatisfy((n) => n > 0) })
  })

  it('that differ are waited for, though enough others were the same', async () => {
    const { read, asked } = house()
    read(showing('one'), showing('other'))
    for (let n = 0; n < 20; n++) {
      read(showing('one'), showing('one'))
      await delay(5)
    }
    expect(await asked()).toMatchObject({ same: 20, differing: 1 })
  })

  it('are the same where what differs was written down, and is settled by and by', async () => {
    const { noted, read, asked } = house()
    noted.add('1')
    let settled = false
    const late = answering(async () => [
      aMessage(channel, { id: '1', content: settled ? 'one' : 'not yet', writeTimeMicros: 1n }),
    ])
    read(showing('one'), late)
    // Longer than what is not written down is read again.
    setTimeout(() => {
      settled = true
      noted.clear()
    }, 9_000)
    expect(await asked()).toMatchObject({ same: 1, differing: 0 })
  })

  it('that cannot be read are told', async () => {
    const { read, asked } = house()
    const away = answering(async () => {
      throw new Error('it is away')
    })
    read(showing('one'), away)
    expect(await asked()).toEqual({ same: 0, differing: 0, failed: 1 } satisfies Omit<
      ShadowReads,
      'round' | 'doubtful'
    >)
  })

  it('are not waited for where none are to be compared', async () => {
    const { asked } = house(0)
    expect(await asked()).toEqual({ same: 0, differing: 0, failed: 0 })
  })
})
