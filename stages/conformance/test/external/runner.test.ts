import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Case, NotRunnable, type Target } from '../../src/external/case.ts'
import { failureOf, runCase, runCases } from '../../src/external/runner.ts'
import { expectContiguous } from '../../src/external/socket.ts'
import { Transcript } from '../../src/external/transcript.ts'

const target: Target = { baseUrl: 'http://127.0.0.1:9', capabilities: new Set() }
const aCase = (run: Case['run']): Case => ({
  id: 'rest.example',
  title: 'An example for these tests',
  run,
})
const passes = aCase(async () => {})
const fails = aCase(async (fixture) => {
  fixture.transcript.record('ada', 'GET /somewhere → 500')
  throw new Error('it broke')
})
const untried = aCase(async () => {
  throw new NotRunnable('needs what is not here')
})

describe('the runner', () => {
  it('tells what failed, and what passed between the case and the stage', async () => {
    const outcome = await runCase(fails, target)
    expect(failureOf(fails, outcome, undefined)).toMatch(
      /rest\.example: it broke[\s\S]*ada +GET \/somewhere → 500/,
    )
  })

  it('lets a case pass', async () => {
    expect(failureOf(passes, await runCase(passes, target), undefined)).toBeUndefined()
  })

  it('takes a case that could not be tried for no pass', async () => {
    expect(failureOf(untried, await runCase(untried, target), undefined)).toMatch(
      /could not be tried: needs what is not here/,
    )
    expect(failureOf(untried, await runCase(untried, target), 'not here')).toBeUndefined()
  })

  it('tries a skipped case all the same, and a skip of what passes is wrong', async () => {
    expect(failureOf(fails, await runCase(fails, target), 'a known flaw')).toBeUndefined()
    expect(failureOf(passes, await runCase(passes, target), 'a known flaw')).toMatch(
      /skipped because “a known flaw”, but it passes/,
    )
  })

  it('says which address did not answer', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((closed) => server.close(closed))
    const someone = aCase(async (fixture) => void (await fixture.user()))
    const outcome = await runCase(someone, { ...target, baseUrl: `http://127.0.0.1:${port}` })
    expect(failureOf(passes, outcome, undefined)).toMatch(
      /POST \/workshop\/users was not answered: .*ECONNREFUSED/,
    )
  })

  it('runs as many cases at a time as it is told, each once', async () => {
    let [running, most] = [0, 0]
    const slow = Array.from({ length: 9 }, (_, i) => ({
      ...aCase(async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running -= 1
      }),
      id: `rest.example.${i}`,
    }))
    const told: string[] = []
    await runCases(slow, target, 3, (one) => told.push(one.id))
    expect(told.toSorted()).toEqual(slow.map((one) => one.id))
    expect(most).toBe(3)
  })
})

describe('the journal', () => {
  it('shows no token, whoever gave it out', () => {
    const journal = new Transcript()
    journal.redact('c2VjcmV0.abc.def')
    journal.record('ada', '→ {"op":2,"d":{"token":"Bot c2VjcmV0.abc.def","intents":0}}')
    journal.record(
      'ada',
      '← {"t":"VOICE_SERVER_UPDATE","d":{"token":"voice-secret","endpoint":null}}',
    )
    expect(String(journal)).not.toMatch(/c2VjcmV0|voice-secret/)
    expect(String(journal)).toMatch(/\[token\]/)
  })

  it('keeps the last lines of a long story', () => {
    const journal = new Transcript()
    for (let i = 0; i < 500; i++) journal.record('ada', `line ${i}`)
    expect(String(journal)).toMatch(/line 499$/)
    expect(String(journal).split('\n').length).toBeLessThan(100)
  })
})

describe('what holds on every socket', () => {
  const dispatch = (s: number) => ({ op: 0, t: 'MESSAGE_CREATE', s, d: {}, text: '' })
  it('notices a gap, a double and a wrong beginning in s', () => {
    expect(() =>
      expectContiguous([dispatch(1), { op: 11, t: null, s: null, d: null, text: '' }, dispatch(2)]),
    ).not.toThrow()
    for (const wrong of [
      [1, 3],
      [1, 2, 2],
      [2, 3],
      [1, 3, 2],
    ])
      expect(() => expectContiguous(wrong.map(dispatch)), String(wrong)).toThrow(/contiguous/)
  })
})
