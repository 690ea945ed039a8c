import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { MessageStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'
import { migrator } from './migrator.ts'

const use = new AsyncDisposableStack()
let fixture: Fixture
let store: MessageStore
let run: ReturnType<typeof migrator>
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-walk-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  fixture = await openFixture(use)
  store = await fixture.process()
  run = migrator(fixture, folder)
})
afterAll(() => use.disposeAsync())

const channel = newId()
const key = (nonce: string) => ({ authorId: '80351110224678912', channelId: channel, nonce })
const reaction = (messageId: string, emoji: string) => ({
  v: 1 as const,
  channelId: channel,
  messageId,
  emoji,
  userId: '7',
  writeTimeMicros: writeTime(),
})
const phase = async () => (await fixture.state.read())?.phase

describe('a move', { timeout: 120_000 }, () => {
  const old = Array.from({ length: 30 }, () => aMessage(channel))

  it('begins where stage 1 left off, and names the next step', async () => {
    await store.import(old, testDeadline())
    await store.react(reaction(old[3]!.id, '👍'), testDeadline())
    await store.insert(old[0]!, testDeadline(), key('before'))
    expect(await phase()).toBe('source')
    expect(await run('plan')).toMatch(/about 30 messages.*next: .*dual-write$/s)
  })

  it.each([
    ['backfill', 'dual-write'],
    ['verify', 'dual-write'],
    ['cutover', 'dual-write'],
    ['decommission', 'dual-write'],
  ] as const)('refuses %s out of order, and names the next step', async (step, next) => {
    await expect(run(step)).rejects.toMatchObject({
      code: 'OUT_OF_ORDER',
      next: expect.stringContaining(next),
    })
  })

  it('writes to both stores, then copies the old messages, and may repeat each step', async () => {
    expect(await run('dual-write')).toMatch(/1 processes write to both stores/)
    expect(await run('dual-write')).toMatch(/1 processes write to both stores/)
    const fresh = aMessage(channel)
    await store.insert(fresh, testDeadline(), key('during'))
    expect(
      await fixture.ends.target.store.page(channel, { at: 'latest' }, 100, testDeadline()),
    ).toEqual([fresh])
    await expect(run('verify')).rejects.toMatchObject({
      code: 'OUT_OF_ORDER',
      next: expect.stringContaining('backfill'),
    })
    expect(await run('backfill')).toMatch(/31 rows/)
    expect(await run('backfill')).toMatch(/done already/)
  })

  it('does not cut over before a clean verification, and repairs differences', async () => {
    await expect(run('cutover')).rejects.toMatchObject({ code: 'NOT_VERIFIED' })
    const { source } = fixture.ends
    // These bypass the move: an edit, a delete, a reaction taken back, another given.
    await source.store.edit(
      {
        id: old[1]!.id,
        channelId: channel,
        set: { content: 'bypassed' },
        writeTimeMicros: writeTime(),
      },
      testDeadline(),
    )
    await source.store.remove(channel, [old[2]!.id], writeTime(), testDeadline())
    await source.store.unreact(reaction(old[3]!.id, '👍'), testDeadline())
    await source.store.react(reaction(old[4]!.id, '👎'), testDeadline())
    // A ghost on Cassandra: a reaction's mark without a message.
    await fixture.ends.target.port.putReactions([reaction(newId(), '👍')], testDeadline())
    // Killed after its repair: the difference that it found still counts.
    await expect(run('verify', 'after a repair')).rejects.toThrow('after a repair')
    expect(await run('verify')).toMatch(/[1-9]\d* differed.*\nnext: .*verify$/s)
    const { rows } = await source.port.scan(
      { from: '0', to: String(1n << 62n), cursor: null },
      { rows: 5, bytes: 1 << 20 },
      testDeadline(),
    )
    for (const { message } of rows)
      await source.store.edit(
        {
          id: message.id,
          channelId: channel,
          set: { content: 'again' },
          writeTimeMicros: writeTime(),
        },
        testDeadline(),
      )
    expect(await run('verify')).toMatch(/ 5 differed, 5 repaired;.*\nnext: .*verify$/s)
    await expect(run('cutover')).rejects.toMatchObject({ code: 'NOT_VERIFIED' })
    expect(await run('verify')).toMatch(/no difference\nnext: .*cutover$/)
    expect(await run('status')).toMatch(/verify: \d+ of \d+ ranges, done.*next: .*cutover$/s)
  })

  it('compares the pages that readers get, and cuts over', async () => {
    const before = await store.page(channel, { at: 'latest' }, 100, testDeadline())
    // Until the process has learnt that it should, has compared a page and has reported it.
    await vi.waitFor(async () => {
      for (let i = 0; i < 20; i++) await store.page(channel, { at: 'latest' }, 50, testDeadline())
      expect((await fixture.state.participants()).map((one) => one.shadow.same)).toContainEqual(
        expect.toSatisfy((same) => same > 0),
      )
    }, 20_000)
    const { round } = (await fixture.state.read())!.shadow
    await fixture.state.recordDifference(round) // by a process that has ended since
    await expect(run('cutover')).rejects.toMatchObject({
      code: 'READS_DIFFER',
      next: expect.stringContaining('verify'),
    })
    expect(await run('verify')).toMatch(/no difference/)
    const { epoch, shadow } = (await fixture.state.read())!
    // The only reader of this round is a process whose pages Cassandra did not answer.
    const failed = { round: shadow.round, same: 0, differing: 0, failed: 1, doubtful: 0 }
    await fixture.state.report({ id: 'unlucky', epoch, shadow: failed })
    await expect(run('cutover')).rejects.toMatchObject({
      code: 'READS_FAILED',
      next: expect.stringContaining('verify'),
    })
    await fixture.state.leave('unlucky')
    expect(await run('verify')).toMatch(/no difference/)
    void (async () => {
      while ((await phase()) === 'dual-write')
        await store.page(channel, { at: 'latest' }, 50, testDeadline())
    })()
    expect(await run('cutover')).toMatch(
      /Cassandra decides and is read; writes waited for \d+ ms; [1-9]\d* pages read .* 0 differed/,
    )
    expect(await run('cutover')).toMatch(/done already/)
    expect(await store.page(channel, { at: 'latest' }, 100, testDeadline())).toEqual(before)
    // A retry of a send from before.
    expect(await store.insert(aMessage(channel), testDeadline(), key('before'))).toMatchObject({
      outcome: 'duplicate',
      message: { id: old[0]!.id },
    })
    expect((await store.insert(aMessage(channel), testDeadline(), key('during'))).outcome).toBe(
      'duplicate',
    )
  })

  it('rolls back without a loss', async () => {
    const after = aMessage(channel)
    await store.insert(after, testDeadline(), key('after'))
    await store.remove(channel, [old[5]!.id], writeTime(), testDeadline())
    expect(await run('rollback')).toMatch(/MongoDB decides and is read; .*\nnext: .*verify$/)
    expect(await phase()).toBe('dual-write')
    const page = await store.page(channel, { at: 'latest' }, 100, testDeadline())
    expect(page.map(({ id }) => id)).toContain(after.id)
    expect(page.map(({ id }) => id)).not.toContain(old[5]!.id)
    expect((await store.insert(aMessage(channel), testDeadline(), key('after'))).outcome).toBe(
      'duplicate',
    )
    await expect(run('cutover')).rejects.toMatchObject({ code: 'NOT_VERIFIED' })
    expect(await run('rollback')).toMatch(/MongoDB alone/)
    await store.edit(
      { id: after.id, channelId: channel, set: { content: 'alone' }, writeTimeMicros: writeTime() },
      testDeadline(),
    )
    await store.remove(channel, [old[6]!.id], writeTime(), testDeadline())
  })

  it('takes all steps from anywhere, to the end', async () => {
    const page = await store.page(channel, { at: 'latest' }, 100, testDeadline())
    expect(await run('all')).toMatch(
      /dual-write:.*backfill:.*verify:.*cutover:.*decommission:.*the move is over/s,
    )
    expect(await store.page(channel, { at: 'latest' }, 100, testDeadline())).toEqual(page)
    expect(await fixture.state.sourceHasMessages()).toBe(false)
    await expect(run('rollback')).rejects.toMatchObject({ code: 'NO_WAY_BACK' })
    expect(await run('decommission')).toMatch(/the move is over/)
    expect(
      await (await fixture.process()).page(channel, { at: 'latest' }, 100, testDeadline()),
    ).toEqual(page)
  })
})

describe('a move without a stage that follows it', { timeout: 60_000 }, () => {
  it('does not begin, since a process that writes would bypass it', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openFixture(own)
    const alone = migrator(other, await mkdtemp(join(tmpdir(), 'threshold-walk-')))
    await expect(alone('dual-write')).rejects.toMatchObject({ code: 'NOTHING_TO_MOVE' })
    await other.ends.source.store.insert(aMessage(newId()), testDeadline())
    await expect(alone('dual-write')).rejects.toMatchObject({ code: 'NO_PARTICIPANT' })
    await other.state.begin('source')
    await expect(alone('dual-write')).rejects.toMatchObject({ code: 'NO_PARTICIPANT' })
  })
})
