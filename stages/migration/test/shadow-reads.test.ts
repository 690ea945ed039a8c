import { setTimeout as delay } from 'node:timers/promises'
import { aMessage, newId } from '@threshold/conformance/ports'
import { createTelemetry, silentLog, systemClock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { awaitShadowReads, createShadowReader } from '../src/shadow-reads.ts'
import type { Migration, MigrationState } from '../src/state.ts'

const channel = newId()
const answering = (page: MessageStore['page']) => ({ page }) as MessageStore
const showing = (content: string) =>
  answering(async () => [aMessage(channel, { id: '1', content, writeTimeMicros: 1n })])

/** A process that compares pages, and a migrator that waits for them. */
function fixture(share = 1) {
  const migration = { phase: 'dual-write', shadow: { share, round: 1 } } as Migration
  const differences: number[] = []
  const pending = new Set<string>()
  const reader = createShadowReader(
    () => migration,
    { recordDifference: async (round) => void differences.push(round) },
    { pendingFor: async (ids) => new Set(ids.filter((id) => pending.has(id))) },
    { clock: systemClock, log: silentLog, telemetry: createTelemetry({ service: 'test' }) },
  )
  const state = {
    participants: async () => [{ shadow: reader.counts() }],
    countDifferences: async () => differences.length,
  } as unknown as MigrationState
  const read = (primary: MessageStore, replica: MessageStore) =>
    reader.compare({ channel, anchor: { at: 'latest' }, limit: 50 }, [], primary, replica)
  return { pending, read, counted: () => awaitShadowReads(state, migration, () => {}) }
}

describe('a cutover that waits for shadow reads', { timeout: 30_000 }, () => {
  it('waits for pages that differ, for longer than for pages in a quiet chat', async () => {
    const { read, counted } = fixture()
    for (let n = 0; n < 4; n++) read(showing('one'), showing('other'))
    expect(await counted()).toMatchObject({ same: 0, differing: expect.toSatisfy((n) => n > 0) })
  })

  it('waits for pages that differ, though enough others were the same', async () => {
    const { read, counted } = fixture()
    read(showing('one'), showing('other'))
    for (let n = 0; n < 20; n++) {
      read(showing('one'), showing('one'))
      await delay(5)
    }
    expect(await counted()).toMatchObject({ same: 20, differing: 1 })
  })

  it('counts a page as the same once a recorded intent is reconciled', async () => {
    const { pending, read, counted } = fixture()
    pending.add('1')
    let reconciled = false
    const late = answering(async () => [
      aMessage(channel, { id: '1', content: reconciled ? 'one' : 'not yet', writeTimeMicros: 1n }),
    ])
    read(showing('one'), late)
    // Later than a page without an intent would be given up.
    setTimeout(() => {
      reconciled = true
      pending.clear()
    }, 9_000)
    expect(await counted()).toMatchObject({ same: 1, differing: 0 })
  })

  it('counts pages that could not be read', async () => {
    const { read, counted } = fixture()
    const away = answering(async () => {
      throw new Error('it is away')
    })
    read(showing('one'), away)
    expect(await counted()).toEqual({ same: 0, differing: 0, failed: 1 })
  })

  it('does not wait where no pages are to be compared', async () => {
    const { counted } = fixture(0)
    expect(await counted()).toEqual({ same: 0, differing: 0, failed: 0 })
  })
})
