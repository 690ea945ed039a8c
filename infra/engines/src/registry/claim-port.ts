import { withLock } from '../lock.ts'
import { freePort } from '../process/ports.ts'
import { listEntries, type Registration } from './registry.ts'

/**
 * A free port that no other run of this machine has claimed, written into the run's entry. Choosing
 * and writing happen under a lock: otherwise two engines that start together may choose the same
 * port, and the one that came second would take the first one's answer for its own.
 */
export async function claimPort(registration: Registration): Promise<number> {
  return await withLock('ports', { timeoutMs: 30_000 }, async () => {
    const { entries } = await listEntries()
    const taken = new Set(entries.flatMap(({ entry }) => entry?.ports ?? []))
    const port = await freePort(taken)
    await registration.update({ ports: [...registration.ports, port] })
    return port
  })
}
