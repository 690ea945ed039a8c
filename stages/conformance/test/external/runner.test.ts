import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type Case, NotTried, type Target } from '../../src/external/case.ts'
import { Journal } from '../../src/external/journal.ts'
import { judge, tryAll, tryCase } from '../../src/external/runner.ts'
import { isContiguous } from '../../src/external/socket.ts'

const target: Target = { baseUrl: 'http://127.0.0.1:9', capabilities: new Set() }
const aCase = (run: Case['run']): Case => ({
  id: 'rest.example',
  sentence: 'An example for these tests',
  run,
})
const passes = aCase(async () => {})
const fails = aCase(async (world) => {
  world.journal.note('ada', 'GET /somewhere → 500')
  throw new Error('it broke')
})
const untried = aCase(async () => {
  throw new NotTried('needs what is not here')
})

describe('the runner', () => {
  it('tells what failed, and what passed between the case and the stage', async () => {
    const outcome = await tryCase(fails, target)
    expect(judge(fails, outcome, undefined)).toMatch(
      /rest\.example: it broke[\s\S]*ada +GET \/somewhere → 500/,
    )
  })

  it('lets a case pass', async () => {
    expect(judge(passes, await tryCase(passes, target), undefined)).toBeUndefined()
  })

  it('takes a case that could not be tried for no pass', async () => {
    expect(judge(untried, await tryCase(untried, target), undefined)).toMatch(
      /could not be tried: needs what is not here/,
    )
    expect(judge(untried, await tryCase(untried, target), 'not here')).toBeUndefined()
  })

  it('tries a skipped case all the same, and a skip of what passes is wrong', async () => {
    expect(judge(fails, await tryCase(fails, target), 'a known flaw')).toBeUndefined()
    expect(judge(passes, await tryCase(passes, target), 'a known flaw')).toMatch(
      /skipped because “a known flaw”, but it passes/,
    )
  })

  it('says which address did not answer', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((closed) => server.close(closed))
    const someone = aCase(async (world) => void (await world.user()))
    const outcome = await tryCase(someone, { ...target, baseUrl: `http://127.0.0.1:${port}` })
    expect(judge(passes, outcome, undefined)).toMatch(
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
    await tryAll(slow, target, 3, (one) => told.push(one.id))
    expect(told.toSorted()).toEqual(slow.map((one) => one.id))
    expect(most).toBe(3)
  })
})

describe('the journal', () => {
  it('shows no token, whoever gave it out', () => {
    const journal = new Journal()
    journal.hide('c2VjcmV0.abc.def')
    journal.note('ada', '→ {"op":2,"d":{"token":"Bot c2VjcmV0.abc.def","intents":0}}')
    journal.note(
      'ada',
      '← {"t":"VOICE_SERVER_UPDATE","d":{"token":"voice-secret","endpoint":null}}',
    )
    expect(String(journal)).not.toMatch(/c2VjcmV0|voice-secret/)
    expect(String(journal)).toMatch(/\[token\]/)
  })

  it('keeps the last lines of a long story', () => {
    const journal = new Journal()
    for (let i = 0; i < 500; i++) journal.note('ada', `line ${i}`)
    expect(String(journal)).toMatch(/line 499$/)
    expect(String(journal).split('\n').length).toBeLessThan(100)
  })
})

describe('what holds on every socket', () => {
  const dispatch = (s: number) => ({ op: 0, t: 'MESSAGE_CREATE', s, d: {}, text: '' })
  it('notices a gap, a double and a wrong beginning in s', () => {
    expect(() =>
      isContiguous([dispatch(1), { op: 11, t: null, s: null, d: null, text: '' }, dispatch(2)]),
    ).not.toThrow()
    for (const wrong of [
      [1, 3],
      [1, 2, 2],
      [2, 3],
      [1, 3, 2],
    ])
      expect(() => isContiguous(wrong.map(dispatch)), String(wrong)).toThrow(/contiguous/)
  })
})
