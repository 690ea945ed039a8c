import { randomBytes } from 'node:crypto'
import { CodedError, createRuntime } from '@threshold/kit'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCircuit } from '../src/circuit.ts'

const OPENS_AFTER = 5
const OPEN_MS = 2_000

const OUTAGES = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'NO_RESPONDERS']
const failure = fc.oneof(
  fc.constantFrom(...OUTAGES).map((code) => new CodedError(code, code)),
  fc.constant('a failed answer'),
)
const answer = fc.constantFrom(
  new CodedError('BAD_MESSAGE', 'bad input'),
  new CodedError('TOO_LARGE', 'bad input'),
  new TypeError('a bug of the caller'),
  'an answer',
)

describe('a circuit', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => void vi.useRealTimers())

  function circuitOf(maxConcurrent = 64) {
    const runtime = createRuntime({ random: randomBytes })
    const circuit = createCircuit({ role: 'search', maxConcurrent }, runtime)
    const refuse = () => circuit.run(() => Promise.reject(new CodedError('NO_RESPONDERS', '')))
    return {
      circuit,
      async open() {
        for (let i = 0; i < OPENS_AFTER; i++) await refuse().catch(() => {})
      },
      async gauge() {
        const metric = runtime.telemetry.registry.getSingleMetric('threshold_circuit_open')!
        return (await metric.get()).values
      },
    }
  }

  it('opens after five failures in a row, and counts no refusal of bad input as one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(failure, answer), { maxLength: 30 }), async (outcomes) => {
        const { circuit, gauge } = circuitOf()
        let inRow = 0
        for (const outcome of outcomes) {
          let isCalled = false
          const call = async () => {
            isCalled = true
            if (typeof outcome !== 'string') throw outcome
            return outcome
          }
          const result = circuit.run(call, (text) => text === 'a failed answer')
          const settled = await result.catch((error: unknown) => error)
          if (inRow >= OPENS_AFTER) {
            expect(isCalled).toBe(false)
            expect(settled).toMatchObject({
              code: 'UNAVAILABLE',
              message: 'search is not available',
              retryAfterMs: OPEN_MS,
            })
          } else {
            expect(settled).toBe(outcome)
            const code = settled instanceof CodedError ? settled.code : settled
            inRow = [...OUTAGES, 'a failed answer'].includes(String(code)) ? inRow + 1 : 0
          }
          expect(circuit.isOpen).toBe(inRow >= OPENS_AFTER)
          expect(await gauge()).toEqual([
            { labels: { role: 'search' }, value: Number(inRow >= OPENS_AFTER) },
          ])
        }
      }),
    )
  })

  it('lets one call through after a while, and refuses the others at once meanwhile', async () => {
    const { circuit, open, gauge } = circuitOf()
    await open()
    vi.setSystemTime(Date.now() + OPEN_MS)
    for (const outcome of ['fails', 'succeeds']) {
      expect(circuit.isOpen).toBe(false)
      const probe = Promise.withResolvers<string>()
      const probing = circuit.run(() => probe.promise)
      expect(circuit.isOpen).toBe(true)
      await expect(circuit.run(async () => 'called')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      if (outcome === 'succeeds') probe.resolve('probed')
      else probe.reject(new CodedError('DEADLINE_EXCEEDED', ''))
      await probing.catch(() => {})
      if (outcome === 'fails') {
        expect(circuit.isOpen).toBe(true)
        vi.setSystemTime(Date.now() + OPEN_MS)
      }
    }
    expect(await circuit.run(async () => 'called')).toBe('called')
    expect(await gauge()).toMatchObject([{ value: 0 }])
  })

  it('refuses calls above its bound, which does not open it', async () => {
    const { circuit } = circuitOf(3)
    const slow = Promise.withResolvers<string>()
    const running = Array.from({ length: 3 }, () => circuit.run(() => slow.promise))
    for (let i = 0; i <= OPENS_AFTER; i++)
      await expect(circuit.run(async () => 'called')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(circuit.isOpen).toBe(false)
    slow.resolve('done')
    expect(await Promise.all(running)).toEqual(['done', 'done', 'done'])
    expect(await circuit.run(async () => 'called')).toBe('called')
  })
})
