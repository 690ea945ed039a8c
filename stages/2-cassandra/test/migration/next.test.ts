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
const nextIn = (output: string): string | undefined =>
  /^next: (.*)$/m.exec(output.split('\n').at(-1)!)?.[1]
/** The next step that a step names, whether it is done or refused. */
const nextAfter = async (step: Step): Promise<string | undefined> =>
  await run(step).then(nextIn, ({ next }: { next?: string }) => next)

/** A step to take, steps that change nothing after it, and the step that comes next. */
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

describe('the next step', { timeout: 240_000 }, () => {
  it('is named by every step, every refusal, plan and status alike', async () => {
    for (const [take, harmless, next] of WALK) {
      if (take !== undefined) expect([take, await nextAfter(take)]).toEqual([take, next])
      for (const step of [...harmless, 'plan', 'status'] as const)
        expect([take, step, await nextAfter(step)]).toEqual([take, step, next])
    }
  })
})

describe('the next step where no stage runs', { timeout: 60_000 }, () => {
  it('is to start one, in every step and in status', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openFixture(own)
    await other.ends.source.store.insert(aMessage(newId()), testDeadline())
    await other.state.begin('source')
    const alone = migrator(other, await mkdtemp(join(tmpdir(), 'threshold-next-')))
    const { next }: { next?: string } = await alone('dual-write').catch((error) => error)
    expect(next).toMatch(/^start stage 2 .*then npx threshold migrate mongo-cassandra dual-write$/)
    expect(nextIn(await alone('status'))).toBe(next)
    expect(nextIn(await alone('plan'))).toBe(next)
  })
})

describe('dual-write, repeated', { timeout: 60_000 }, () => {
  it('changes the policy where one is given, and keeps it otherwise', async () => {
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
    expect(nextIn(await again('dual-write'))).toBe(command('backfill'))
    expect(await policy()).toBe('queue')
  })
})
