import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { checkHistory, startWorkload } from '@threshold/labs/chaos'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type Cache,
  type Running,
  startCommand,
  temporaryCache,
  threshold,
  untilExited,
  untilReady,
} from './cli.ts'
import {
  broken,
  type Checkout,
  copyCheckout,
  linkedCheckout,
  makeNext,
  NEW_ANSWER,
  neverReady,
} from './deploy-versions.ts'

const WAIT = { timeout: 60_000, interval: 100 }
/** The processes of each role. */
const ROLES = { api: 1, gateway: 1, guilds: 2, notifications: 1, search: 1, voice: 1 }
const MESSAGES = 20
/** It takes four minutes. A new process can listen on the port of the old one on Linux only. */
/** It finds rare faults of hand-overs, so that a run may fail without any change: see ADR 44. */
const CHAOS = process.env.THRESHOLD_TEST_CHAOS === '1'
const RUNS = process.platform === 'linux' && allTests()

let use: AsyncDisposableStack | undefined
let cache: Cache
let stage: Running
let url: string
let next: Checkout

beforeAll(async () => {
  if (!RUNS) return
  use = new AsyncDisposableStack()
  cache = use.use(await temporaryCache())
  next = use.use(await copyCheckout())
  await makeNext(next)
  const limits = { THRESHOLD_RATE_REQUESTS: '1000000', THRESHOLD_BUDGET_MS: '20000' }
  const env = { ...cache.env, ...limits, THRESHOLD_LOG_LEVEL: 'warn' }
  stage = use.use(startCommand(['stage', '3'], { env }))
  url = await untilReady(stage, 180_000)
  // The first request takes long on a busy machine.
  await call('POST', '/workshop/users', { username: 'first' })
}, 300_000)
afterAll(() => use?.disposeAsync())

const deploy = (...args: string[]) => threshold(['deploy', ...args], { env: cache.env })

/** The ids of the stage's processes by name, such as `guilds 2`, as its registry has them. */
async function pids(): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const file of await cache.registered()) {
    if (!/^stage-.*\.json$/.test(file)) continue
    const entry = JSON.parse(await readFile(join(cache.path, 'run', file), 'utf8')) as {
      text: string
      process: { pid: number }
    }
    const name = entry.text.replace(/^.*: /, '')
    expect(found.has(name), `two entries of ${name}`).toBe(false)
    found.set(name, entry.process.pid)
  }
  return found
}

/** Tries again while the stage is too busy, as clients do. */
async function call(method: string, path: string, body?: object, token = '') {
  return await vi.waitFor(async () => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answered = (await response.json()) as Record<'id' | 'token' | 'name' | 'message', string>
    expect(response.status, `${method} ${path}: ${answered.message}`).not.toBe(503)
    return answered
  }, WAIT)
}

const answer = async () => (await call('GET', '/api/v10/nowhere')).message

describe.runIf(RUNS)('deploy', { timeout: 400_000 }, () => {
  it.runIf(CHAOS)('replaces every role under load: nothing is lost or doubled', async () => {
    await using load = new AsyncDisposableStack()
    const from = performance.now()
    const nowMs = () => performance.now() - from
    // It gives up at the first answer that says that the stage is too busy.
    const workload = await vi.waitFor(
      () => startWorkload(load, url, { guilds: 2, seed: 1, nowMs }),
      WAIT,
    )
    const untilMore = async () => {
      const before = workload.acknowledged()
      await expect.poll(workload.acknowledged, WAIT).toBeGreaterThan(before + MESSAGES)
    }
    const before = await pids()
    for (const [role, count] of Object.entries(ROLES)) {
      await untilMore()
      const { code, stdout, stderr } = await deploy(role)
      expect(code, stderr).toBe(0)
      const line = `${role}( \\d)?: process \\d+ handed over to process \\d+ in \\S+ s\\n`
      expect(stdout).toMatch(new RegExp(`^(${line}){${count}}$`))
      expect(stderr).toMatch(/^the new .* is ready, and the old one hands over /m)
    }
    await untilMore()
    const after = await pids()
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted())
    for (const [name, pid] of before) expect(after.get(name), name).not.toBe(pid)
    await untilExited(...before.values())
    await workload.finish()
    const violations = async () => {
      await workload.readStored()
      return checkHistory(workload.history())
    }
    await expect.poll(violations, WAIT).toEqual([])
    const { sessions } = workload.history()
    expect(workload.givenUp()).toBe(0)
    // The gateway has handed over all sessions, so that no client began anew.
    expect(sessions.length).toBe(workload.clients.length)
    for (const client of workload.clients) {
      expect(client.resumptions()).toBeGreaterThanOrEqual(1)
      expect(client.isOpen()).toBe(true)
    }
  })

  it('runs another checkout, and leaves the other roles alone', async () => {
    const { token } = await call('POST', '/workshop/users', { username: 'ada' })
    const { id } = await call('POST', '/api/v10/guilds', { name: 'guild' }, token)
    const rename = async () =>
      (await call('PATCH', `/api/v10/guilds/${id}`, { name: 'renamed' }, token)).name
    const before = await pids()
    // The guild hosts keep a new field in their state, and send it to an api that ignores it.
    expect(await deploy('guilds', '--from', next.path)).toMatchObject({ code: 0 })
    expect(await rename()).toBe('renamed')
    expect(await answer()).toBe('404: Not Found')
    expect(await deploy('api', '--from', next.path)).toMatchObject({ code: 0 })
    expect(await answer()).toBe(NEW_ANSWER)
    await expect.poll(rename, WAIT).toMatch(/^renamed, renamed \d+$/)
    const after = await pids()
    const replaced = [...before].filter(([name, pid]) => after.get(name) !== pid)
    expect(replaced.map(([name]) => name).toSorted()).toEqual(['api', 'guilds 1', 'guilds 2'])
  })

  it('starts a process that dies again in its new version', async () => {
    process.kill((await pids()).get('api')!, 'SIGKILL')
    await expect.poll(answer, WAIT).toBe(NEW_ANSWER)
  })

  it('rolls back to the process that serves if the new one does not become ready', async () => {
    await using other = await copyCheckout()
    await neverReady(other)
    const before = await pids()
    const late = await deploy('api', '--from', other.path, '--timeout', '20')
    expect(late).toMatchObject({ code: 1, stdout: '' })
    expect(late.stderr).toMatch(
      /^ROLLED_BACK: .*api was not ready within 20 s; the old one serves on$/m,
    )
    // The last lines of its log.
    expect(late.stderr).toMatch(/"reason":"it never is","msg":"not ready: requests fail"/)
    await broken(other)
    const ended = await deploy('api', '--from', other.path)
    expect(ended.stderr).toMatch(/^ROLLED_BACK: .*api ended \(exit code 1\); /m)
    expect(ended.stderr).toContain('Error: a broken version')
    expect(await pids()).toEqual(before)
    expect(await answer()).toBe(NEW_ANSWER)
  })

  it('is one at a time, and ends a process that is not ready when it is interrupted', async () => {
    await using other = await copyCheckout()
    await neverReady(other)
    const { api, ...others } = Object.fromEntries(await pids())
    const log = stage.stderr().length
    const args = ['deploy', 'api', '--from', other.path]
    await using waiting = startCommand(args, { env: cache.env })
    await expect.poll(() => stage.stderr().slice(log), WAIT).toContain('it never is')
    expect((await deploy('search')).stderr).toMatch(/^DEPLOY_UNDER_WAY: /m)
    // The old process gets all connections.
    for (let i = 0; i < 20; i++) {
      const { headers } = await fetch(`${url}/readyz`, { headers: { Connection: 'close' } })
      expect(headers.get('x-process-id')).toBe(String(api))
    }
    // It dies meanwhile, and is started again when the new one has been ended.
    process.kill(api!, 'SIGKILL')
    waiting.child.kill('SIGINT')
    expect((await waiting.finished).code).toBe(130)
    await expect.poll(() => answer().catch(() => ''), WAIT).toBe(NEW_ANSWER)
    expect(Object.fromEntries(await pids())).toMatchObject(others)
    expect(await deploy('search')).toMatchObject({ code: 0 })
  })

  it.each([
    ['a role that does not exist', ['guild'], 2, /^UNKNOWN_ROLE: .*did you mean guilds\?/m],
    ['a folder without a stage', ['api', '--from', '/tmp'], 1, /^BAD_CHECKOUT: \/tmp is no /m],
    ['a stage that does not run', ['api', '--url', 'http://127.0.0.1:9'], 1, /^NO_STAGE: /m],
  ])('refuses %s', async (_, args, code, message) => {
    const finished = await deploy(...args)
    expect(finished.stderr).toMatch(message)
    expect(finished.code).toBe(code)
  })

  it('refuses a checkout that would run the packages of another one', async () => {
    await using linked = await linkedCheckout()
    const { stderr } = await deploy('api', '--from', linked.path)
    expect(stderr).toMatch(/^BAD_CHECKOUT: .* has no node_modules of its own\n {2}→ .*npm ci/m)
  })

  it('leaves no process behind after SIGTERM', async () => {
    const running = [...(await pids()).values()]
    stage.child.kill('SIGTERM')
    const { code, stderr } = await stage.finished
    expect({ code, left: await cache.registered() }, stderr).toEqual({ code: 0, left: [] })
    await untilExited(...running)
  })
})

it('deploy needs a stage', async () => {
  await using empty = await temporaryCache()
  const { code, stderr } = await threshold(['deploy', 'api'], { env: empty.env })
  expect(stderr).toMatch(/^NO_STAGE: .*\n {2}→ npx threshold stage 3$/m)
  expect(code).toBe(1)
})
