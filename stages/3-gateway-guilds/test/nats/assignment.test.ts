import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { desiredOwners, type HostShare } from '../../src/nats/assignment.ts'
import { PARTITIONS } from '../../src/nats/partitions.ts'

const host = (id: string, weight = 1, pinned: number[] = []): HostShare => ({ id, weight, pinned })
const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 6 })

describe('the owners of partitions', () => {
  it('do not depend on the order of the hosts, and are hosts with a weight', () =>
    fc.assert(
      fc.property(ids, fc.nat(), (all, seed) => {
        const hosts = all.map((id, i) => host(id, i === 0 ? 1 : i % 3))
        const shuffled = hosts.toSorted(
          (a, b) => ((seed ^ a.id.charCodeAt(0)) % 7) - (b.id.charCodeAt(1) % 7),
        )
        expect(desiredOwners(shuffled)).toEqual(desiredOwners(hosts))
        const weighted = new Set(hosts.filter(({ weight }) => weight > 0).map(({ id }) => id))
        for (const owner of desiredOwners(hosts)) expect(weighted).toContain(owner)
      }),
    ))

  it('change only for the host that leaves', () =>
    fc.assert(
      fc.property(ids, (all) => {
        const hosts = all.map((id) => host(id))
        const before = desiredOwners(hosts)
        const after = desiredOwners(hosts.slice(1))
        for (let p = 0; p < PARTITIONS; p++)
          if (before[p] !== all[0]) expect(after[p]).toBe(before[p])
      }),
    ))

  it('are shared about evenly, and by weight', () => {
    const count = (owners: readonly (string | undefined)[], id: string) =>
      owners.filter((owner) => owner === id).length
    const even = desiredOwners([host('a'), host('b')])
    expect(count(even, 'a')).toBeGreaterThan(PARTITIONS / 4)
    expect(count(even, 'b')).toBeGreaterThan(PARTITIONS / 4)
    const uneven = desiredOwners([host('a', 1), host('b', 7)])
    expect(count(uneven, 'a')).toBeLessThan(count(uneven, 'b') / 2)
  })

  it('keep a pinned partition, also on a host that gives the others away', () => {
    const owners = desiredOwners([host('a', 0, [5]), host('b')])
    expect(owners[5]).toBe('a')
    expect(owners.filter((owner) => owner === 'a')).toHaveLength(1)
  })

  it('are undefined without hosts', () => {
    expect(new Set(desiredOwners([]))).toEqual(new Set([undefined]))
    expect(new Set(desiredOwners([host('a', 0)]))).toEqual(new Set([undefined]))
  })
})
