import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Case, NotRunnable, type Target } from '../../src/external/case.ts'
import { failureOf, runCase, runCases } from '../../src/external/runner.ts'
import { expectContiguous } from '../../src/external/socket.ts'
import { Transcript } from '../../src/external/transcript.ts'

const target: Target = { baseUrl: 'http://127.0.0.1:9', capabilities: new Set() }
const createCase = (run: Case['run']): Case => ({
  id: 'rest.example',
  title: 'An example for these tests',
  covers: ['intro.silence'],
  run,
})
const passing = createCase(async () => {})
const failing = createCase(async (fixture) => {
  fixture.transcript.record('ada', 'GET /somewhere → 500')
  throw new Error('it broke')
})
const notRunnable = createCase(async () => {
  throw new NotRunnable('needs another stage')
})

describe('the runner', () => {
  it('reports the error of a failed case and its transcript', async () => {
    const outcome = await runCase(failing, target)
    expect(failureOf(failing, outcome, undefined)).toMatch(
      /rest\.example: it broke[\s\S]*ada +GET \/somewhere → 500/,
    )
  })

  it('reports no failure for a case that passes', async () => {
    expect(failureOf(passing, await runCase(passing, target), undefined)).toBeUndefined()
  })

  it('reports a failure for a case that could not be tried, unless it is skipped', async () => {
    const outcome = await runCase(notRunnable, target)
    expect(failureOf(notRunnable, outcome, undefined)).toMatch(
      /could not be tried: needs another stage/,
    )
    expect(failureOf(notRunnable, outcome, 'not here')).toBeUndefined()
  })

  it('runs skipped cases, and reports a failure for one that passes', async () => {
    expect(failureOf(failing, await runCase(failing, target), 'a known flaw')).toBeUndefined()
    expect(failureOf(passing, await runCase(passing, target), 'a known flaw')).toMatch(
      /skipped because “a known flaw”, but it passes/,
    )
  })

  it('names the request that got no answer', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const provisioning = createCase(async (fixture) => void (await fixture.user()))
    const baseUrl = `http://127.0.0.1:${port}`
    const outcome = await runCase(provisioning, { ...target, baseUrl })
    expect(failureOf(provisioning, outcome, undefined)).toMatch(
      /POST \/workshop\/users got no answer: .*ECONNREFUSED/,
    )
  })

  it('runs each case once, and never more at a time than requested', async () => {
    let [running, maxRunning] = [0, 0]
    const slow = Array.from({ length: 9 }, (_, i) => ({
      ...createCase(async () => {
        maxRunning = Math.max(maxRunning, ++running)
        await new Promise(setImmediate)
        running -= 1
      }),
      id: `rest.example.${i}`,
    }))
    const reported: string[] = []
    await runCases(slow, target, 3, ({ id }) => reported.push(id))
    expect(reported.toSorted()).toEqual(slow.map(({ id }) => id))
    expect(maxRunning).toBe(3)
  })
})

describe('the transcript', () => {
  it('shows no token, whether registered or issued by the stage', () => {
    const transcript = new Transcript()
    transcript.redact('c2VjcmV0.abc.def')
    transcript.record('ada', '→ {"op":2,"d":{"token":"Bot c2VjcmV0.abc.def","intents":0}}')
    transcript.record(
      'ada',
      '← {"t":"VOICE_SERVER_UPDATE","d":{"token":"voice-secret","endpoint":null}}',
    )
    expect(String(transcript)).not.toMatch(/c2VjcmV0|voice-secret/)
    expect(String(transcript)).toMatch(/\[token\]/)
  })

  it('shows the last lines of a long transcript', () => {
    const transcript = new Transcript()
    for (let i = 0; i < 500; i++) transcript.record('ada', `line ${i}`)
    expect(String(transcript)).toMatch(/line 499$/)
    expect(String(transcript).split('\n').length).toBeLessThan(100)
  })
})

describe('expectContiguous', () => {
  const dispatch = (s: number) => ({ op: 0, t: 'MESSAGE_CREATE', s, d: {}, text: '' })
  const heartbeatAck = { op: 11, t: null, s: null, d: null, text: '' }

  it('accepts consecutive numbers and ignores frames without one', () => {
    expect(() => expectContiguous([dispatch(1), heartbeatAck, dispatch(2)])).not.toThrow()
  })

  it('rejects a gap, a duplicate, a swap and a wrong first number', () => {
    for (const numbers of [
      [1, 3],
      [1, 2, 2],
      [2, 3],
      [1, 3, 2],
    ])
      expect(() => expectContiguous(numbers.map(dispatch)), String(numbers)).toThrow(/contiguous/)
  })
})
