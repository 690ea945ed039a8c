import { aGuild, newId } from '@threshold/conformance/ports'
import type { Delivery } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createAudience } from '../../src/guild/audience.ts'
import { createGuildLog } from '../../src/guild/guild-log.ts'
import { subscriber } from './subscriber.ts'

const { state } = aGuild(3)
const users = [...state.members.keys()]
const names = (told: readonly Delivery[]): string[] =>
  told.flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event.type] : []))
const everybody = (): boolean => true

describe("a guild's log", () => {
  it('tells everybody in one order, also when a listener makes it say more while it is told something', () => {
    const audience = createAudience(typescriptPermissions())
    const log = createGuildLog('guild', 7, audience)
    const says = new Map([
      ['one', ['two', 'three']],
      ['two', ['four']],
    ])
    const chatty = subscriber(users[0]!, (delivery) => {
      for (const next of says.get(names([delivery])[0] ?? '') ?? []) log.append(next, {}, everybody)
    })
    const quiet = users.slice(1).map((user) => subscriber(user))
    for (const each of [chatty, ...quiet]) audience.add(state, each)
    log.append('one', {}, everybody)
    for (const { received: told } of [chatty, ...quiet]) {
      expect(names(told)).toEqual(['one', 'two', 'three', 'four'])
      expect(
        told.map((delivery) => delivery.kind === 'event' && delivery.position.sequence),
      ).toEqual([1, 2, 3, 4])
    }
  })

  it('says nothing more to who goes while they are told something', () => {
    const audience = createAudience(typescriptPermissions())
    const log = createGuildLog('guild', 7, audience)
    const full = subscriber(users[0]!, () => {
      audience.remove(full)
      log.append('gone', {}, everybody)
    })
    const other = subscriber(users[1]!)
    for (const each of [full, other]) audience.add(state, each)
    log.append('one', {}, everybody)
    log.append('two', {}, everybody)
    expect(names(full.received)).toEqual(['one'])
    expect(names(other.received)).toEqual(['one', 'gone', 'two'])
  })

  it('counts without a gap, whoever hears', () => {
    const log = createGuildLog('guild', 7, createAudience(typescriptPermissions()))
    const at = Array.from({ length: 3 }, () => log.append('x', {}, () => false))
    expect([...at, log.position]).toEqual([1, 2, 3, 3].map((sequence) => ({ epoch: 7, sequence })))
    expect(log.appendEvent({ v: 1, id: newId(), type: 'y', data: {} }, everybody)).toEqual({
      epoch: 7,
      sequence: 4,
    })
  })

  it('goes on after a listener that threw, though none should', () => {
    const audience = createAudience(typescriptPermissions())
    const log = createGuildLog('guild', 7, audience)
    const broken = subscriber(users[0]!, () => {
      throw new Error('a listener must not throw')
    })
    audience.add(state, broken)
    expect(() => log.append('one', {}, everybody)).toThrow('must not throw')
    audience.remove(broken)
    const other = subscriber(users[1]!)
    audience.add(state, other)
    log.append('two', {}, everybody)
    expect(names(other.received)).toEqual(['two'])
  })
})
