import { describe, expect, it } from 'vitest'
import { unmetByControl } from '../src/control.ts'
import { findLab } from '../src/labs.ts'

const lab = await findLab('1.3')
const unmetBy = (...reasons: string[]) => unmetByControl(lab, { verdict: 'refuted', reasons })

describe('a negative control', () => {
  const guilds = 'crashing: guilds down is 10, failed in every round; measured 0'
  const sockets = 'crashing: sockets dropped is 100, failed in every round; measured 0'

  it('proves that the lab can be refuted if every statement that it names failed', () => {
    expect(unmetBy(guilds, sockets)).toEqual([])
    expect(unmetBy('harmless: sockets dropped is 0', guilds, sockets)).toEqual([])
  })

  it('proves nothing if another statement failed instead', () => {
    expect(unmetBy(guilds)).toEqual(['crashing: sockets dropped'])
    expect(unmetBy('crashing: guilds downtime is 10', sockets)).toEqual(['crashing: guilds down'])
  })

  it('proves nothing without a verdict of refuted', () => {
    for (const verdict of ['supported', 'inconclusive', 'could-not-run'] as const)
      expect(unmetByControl(lab, { verdict, reasons: [guilds, sockets] })).toHaveLength(2)
  })
})
