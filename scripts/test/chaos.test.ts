import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { threshold } from './cli.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threshold-chaos-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const history = {
  v: 1,
  sessions: [
    {
      client: 'client 0.0',
      user: '1',
      isOpen: true,
      received: [
        { atMs: 1, s: 1, event: { kind: 'guild', channels: ['2'] } },
        { atMs: 2, s: 2, event: { kind: 'message', id: '3', channel: '2', content: 'a' } },
      ],
    },
  ],
  acknowledged: [{ id: '3', channel: '2', sentAtMs: 1 }],
  stored: { 2: [{ id: '3', content: 'a' }] },
  forbidden: {},
  visible: { 1: ['2'] },
  changing: [],
}

async function check(content: unknown) {
  const path = join(folder, 'history.json')
  await writeFile(path, JSON.stringify(content))
  return await threshold(['chaos', '--check', path])
}

describe('threshold chaos --check', { timeout: 60_000 }, () => {
  it('finds nothing in a history that keeps all rules', async () => {
    const { code, stdout } = await check(history)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^lost +0 {3}an acknowledged message/m)
  })

  it('exits with 1 and shows the events around a fault', async () => {
    const { code, stdout } = await check({ ...history, stored: { 2: [] } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^lost +1 /m)
    expect(stdout).toContain('lost: message 3 was acknowledged, and is not in the history of 2')
    expect(stdout).toContain('  client 0.0 at 2 ms, s=2: message 3 of 2')
  })

  it('refuses a file that is no history', async () => {
    const { code, stderr } = await check({ v: 2 })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^BAD_HISTORY: .*history\.json is no history of a run/)
    expect(stderr).toContain('→ npx threshold chaos')
  })
})
