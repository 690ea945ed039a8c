import { CodedError } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { runStage, type Stage } from '../../src/process/run.ts'

type Config = { log: { level: 'silent' }; otlpUrl: undefined }

/** A stand-in for Node's `process` that records what the stage prints and how it exits. */
function fakeProcess() {
  const output = { stdout: '', stderr: '' }
  const signals = new Map<string, (signal: string) => Promise<void>>()
  const exitCodes: number[] = []
  const host = {
    env: {},
    stdout: { write: (text: string) => (output.stdout += text) },
    stderr: { write: (text: string) => (output.stderr += text) },
    once: (signal: string, listener: () => Promise<void>) => signals.set(signal, listener),
    exit: (code: number) => exitCodes.push(code),
  } as unknown as Parameters<typeof runStage>[0]
  return { host, output, signals, exitCodes }
}

const stage = (parts: Partial<Stage<Config>> = {}): Stage<Config> => ({
  name: 'test',
  readConfig: () => ({ log: { level: 'silent' }, otlpUrl: undefined }),
  start: async () => ({ url: 'http://127.0.0.1:1', close: async () => {} }),
  ...parts,
})

describe('running a stage', () => {
  it('prints the address when the stage serves, and exits with 0 after a signal', async () => {
    const { host, output, signals, exitCodes } = fakeProcess()
    let closed = false
    const close = async () => {
      closed = true
    }
    await runStage(host, stage({ start: async () => ({ url: 'http://127.0.0.1:1', close }) }))
    expect(output).toEqual({ stdout: 'ready http://127.0.0.1:1\n', stderr: '' })
    expect([...signals.keys()]).toEqual(['SIGINT', 'SIGTERM'])
    await signals.get('SIGTERM')!('SIGTERM')
    expect(closed).toBe(true)
    expect(exitCodes).toEqual([0])
  })

  it('exits with 2 and the hint for a bad configuration', async () => {
    const { host, output, exitCodes } = fakeProcess()
    const readConfig = () => {
      throw new CodedError('BAD_CONFIG', 'THRESHOLD_PORT: too large', { next: 'set it right' })
    }
    await runStage(host, stage({ readConfig }))
    expect(exitCodes).toEqual([2])
    expect(output.stderr).toBe('BAD_CONFIG: THRESHOLD_PORT: too large\n  → set it right\n')
  })

  it('exits with 1 for any other failure to start', async () => {
    const { host, output, exitCodes } = fakeProcess()
    await runStage(host, stage({ start: () => Promise.reject(new Error('the port is taken')) }))
    expect(exitCodes).toEqual([1])
    expect(output).toEqual({ stdout: '', stderr: 'ERROR: the port is taken\n' })
  })
})
