import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import type { Step } from '@threshold/migration/transitions'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'
import { migrator } from './migrator.ts'

const use = new AsyncDisposableStack()
let fixture: Fixture
let run: ReturnType<typeof migrator>
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-next-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  fixture = await openFixture(use)
  await fixture.ends.source.store.insert(aMessage(newId()), testDeadline())
  await use.use(await fixture.process())
  run = migrator(fixture, folder)
})
afterAll(() => use.disposeAsync())

const command = (step: Step): string => `npx threshold migrate mongo-cassandra ${step}`
const named = (said: string): string | undefined =>
  /^next: (.*)$/m.exec(said.split('\n').at(-1)!)?.[1]
/** The next step that a step named, whether it was done or refused. */
const nextAfter = async (step: Step): Promise<string | undefined> =>
  await run(step).then(named, ({ next }: { next?: string }) => next)

/**
 * In this order: the step that is taken, those that change nothing after it, and the step that
 * comes then.
 */
const WALK: readonly [take: Step | undefined, harmless: readonly Step[], next: string][] = [
  [undefined, ['backfill', 'verify', 'cutover', 'decommission', 'rollback'], command('dual-write')],
  ['dual-write', ['dual-write', 'verify', 'cutover', 'decommission'], command('backfill')],
  ['backfill', ['dual-write', 'backfill', 'cutover', 'decommission'], command('verify')],
  ['verify', ['dual-write', 'backfill', 'decommission'], command('cutover')],
  [
    'cutover',
    ['dual-write', 'backfill', 'verify', 'cutover'],
    `${command('decommission')}, or ${command('rollback')}`,
  ],
  ['rollback', ['dual-write', 'backfill', 'cutover', 'decommission'], command('verify')],
  ['verify', ['dual-write', 'backfill'], command('cutover')],
  ['cutover', ['cutover'], `${command('decommission')}, or ${command('rollback')}`],
  [
    'decommission',
    ['decommission', 'dual-write', 'backfill', 'verify', 'cutover', 'rollback'],
    'nothing: the move is over',
  ],
]

describe('the step that comes next', { timeout: 240_000 }, () => {
  it('is the same in every step, in every refusal, in the plan and in the status', async () => {
    for (const [take, harmless, next] of WALK) {
      if (take !== undefined) expect([take, await nextAfter(take)]).toEqual([take, next])
      for (const step of [...harmless, 'plan', 'status'] as const)
        expect([take, step, await nextAfter(step)]).toEqual([take, step, next])
    }
  })
})

describe('where no stage runs', { timeout: 60_000 }, () => {
  it('is to start one, in every step and in the status', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openFixture(own)
    await other.ends.source.store.insert(aMessage(newId()), testDeadline())
    await other.state.begin('source')
    const alone = migrator(other, await mkdtemp(join(tmpdir(), 'threshold-next-')))
    const { next }: { next?: string } = await alone('dual-write').catch((error) => error)
    expect(next).toMatch(/^start stage 2 .*then npx threshold migrate mongo-cassandra dual-write$/)
    expect(named(await alone('status'))).toBe(next)
    expect(named(await alone('plan'))).toBe(next)
  })
})

describe('dual writes, said again', { timeout: 60_000 }, () => {
  it('change the policy that is named, and keep the one that is not', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openFixture(own)
    await other.ends.source.store.insert(aMessage(newId()), testDeadline())
    await other.process()
    const folder = await mkdtemp(join(tmpdir(), 'threshold-next-'))
    own.defer(() => rm(folder, { recursive: true, force: true }))
    const policy = async () => (await other.state.read())?.policy
    const again = migrator(other, folder)
    await again('dual-write')
    await migrator(other, folder, { policy: 'fail' })('dual-write')
    expect(await policy()).toBe('fail')
    await migrator(other, folder, { policy: undefined })('dual-write')
    expect(await policy()).toBe('fail')
    expect(named(await again('dual-write'))).toBe(command('backfill'))
    expect(await policy()).toBe('queue')
  })
})
