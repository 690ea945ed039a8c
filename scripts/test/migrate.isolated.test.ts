import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, startCommand, temporaryCache, threshold, untilReady } from './cli.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

const migrate = (...args: string[]) => threshold(['migrate', ...args], { env: cache.env })

/** The steps that the playbook runs, with their options. */
async function playbook(): Promise<string[][]> {
  const text = await readFile(
    fileURLToPath(new URL('../../docs/docs/migration-playbook.md', import.meta.url)),
    'utf8',
  )
  const [, block = ''] = /```bash no-run="needs the stage[^\n]*\n(.*?)```/s.exec(text) ?? []
  return [...block.matchAll(/^npx threshold migrate mongo-cassandra (.+)$/gm)].map(([, step]) =>
    step!.split(' '),
  )
}

describe('migrate', { timeout: 240_000 }, () => {
  it('lists the migrations', async () => {
    const { code, stdout } = await migrate()
    expect(stdout).toMatch(/mongo-cassandra +messages, from MongoDB to Cassandra +plan, dual-write/)
    expect(code).toBe(0)
  })

  it('reports that no stage runs here, with the next step', async () => {
    const { code, stderr } = await migrate('mongo-cassandra', 'plan')
    expect(stderr).toMatch(
      /^WHICH_DATABASES: no stage 2 runs on this machine\n {2}→ npx threshold stage 2 --migrating/,
    )
    expect(code).toBe(1)
  })

  it('rejects --migrating for a stage without a migration', async () => {
    const { code, stderr } = await threshold(['stage', '1', '--migrating'], { env: cache.env })
    expect(stderr).toMatch(/^NO_MIGRATION: no migration leads to stage 1/)
    expect(code).toBe(1)
  })

  it.runIf(allTests())(
    'moves the messages of the stage that runs here, and keeps those sent before',
    async () => {
      await using stage = startCommand(['stage', '2', '--migrating'], { env: cache.env })
      const url = await untilReady(stage, 150_000) // Cassandra on a busy machine
      const call = async <T>(path: string, token: string, body?: object): Promise<T> => {
        const headers = { 'content-type': 'application/json', authorization: `Bot ${token}` }
        const answer = await fetch(
          `${url}${path}`,
          body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers },
        )
        expect(answer.status).toBeLessThan(300)
        return (await answer.json()) as T
      }
      const { token } = await call<{ token: string }>('/workshop/users', '', { username: 'ada' })
      const guild = await call<{ id: string }>('/api/v10/guilds', token, { name: 'guild' })
      const channel = await call<{ id: string }>(`/api/v10/guilds/${guild.id}/channels`, token, {
        name: 'channel',
      })
      const messages = `/api/v10/channels/${channel.id}/messages`
      await call(messages, token, { content: 'before' })

      expect((await migrate('mongo-cassandra', 'cutover')).stderr).toMatch(
        /^OUT_OF_ORDER: .*\n {2}→ npx threshold migrate mongo-cassandra dual-write/m,
      )
      // The steps of the playbook, each with its output.
      const outputs = {
        plan: /^phase: source; 1 processes follow the move/,
        'dual-write': /^dual-write: 1 processes write to both stores/m,
        backfill: /^backfill: 1 rows/m,
        verify: /^verify: /m,
        cutover: /^cutover: Cassandra decides/m,
        status: /^phase: cutover since/,
        decommission: /the move is over/,
      }
      const lines = await playbook()
      expect(lines.map(([step]) => step)).toEqual(Object.keys(outputs))
      for (const [step, ...options] of lines) {
        const { code, stdout, stderr } = await migrate('mongo-cassandra', step!, ...options)
        expect(code, stderr).toBe(0)
        expect(stdout).toMatch(outputs[step as keyof typeof outputs])
        if (step !== 'cutover') continue
        await call(messages, token, { content: 'after' })
        const again = await migrate('mongo-cassandra', 'all', '--until', 'cutover')
        expect([again.code, again.stdout]).toEqual([
          0,
          expect.stringMatching(/^phase: cutover; .*next: .* decommission, or .* rollback$/ms),
        ])
      }
      expect(
        (await call<{ content: string }[]>(messages, token)).map(({ content }) => content),
      ).toEqual(['after', 'before'])
      stage.child.kill('SIGTERM')
      expect((await stage.finished).code).toBe(0)
    },
  )
})
