import { deadlineAfter } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { AttachGate } from '../../src/actors/attach-gate.ts'

/** Whether the events of this guild or user go on at once. */
async function isOpen(gate: AttachGate, id: string): Promise<boolean> {
  const waiting = gate.wait(id, deadlineAfter(60_000)).then(() => true)
  return Promise.race([waiting, new Promise<false>((resolve) => setImmediate(resolve, false))])
}

describe('the gate of a partition', () => {
  it('is open if there is no gateway', async () => {
    expect(await isOpen(new AttachGate([]), '1')).toBe(true)
  })

  it('opens when all gateways have attached or are gone', async () => {
    const gate = new AttachGate(['a', 'b', 'c'])
    gate.attached('a')
    gate.gone('b')
    expect(await isOpen(gate, '1')).toBe(false)
    gate.attached('c')
    expect(await isOpen(gate, '1')).toBe(true)
  })

  it('stays closed for one guild that was not attached, until it is', async () => {
    const gate = new AttachGate(['a'])
    gate.attached('a', ['1', '2'])
    expect(await isOpen(gate, '1')).toBe(false)
    expect(await isOpen(gate, '3')).toBe(true)
    gate.attachedOne('a', '1')
    expect(await isOpen(gate, '1')).toBe(true)
    expect(await isOpen(gate, '2')).toBe(false)
    gate.gone('a')
    expect(await isOpen(gate, '2')).toBe(true)
  })

  it('wakes what waits, and gives up at the deadline', async () => {
    const gate = new AttachGate(['a'])
    await expect(gate.wait('1', deadlineAfter(1))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    const waiting = gate.wait('1', deadlineAfter(60_000))
    gate.attached('a')
    await waiting
  })

  it('does not close again when a gateway attaches once more', async () => {
    const gate = new AttachGate(['a'])
    gate.attached('a')
    gate.attached('a', ['1'])
    expect(await isOpen(gate, '1')).toBe(true)
  })
})
