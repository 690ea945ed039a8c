import { withLock } from '../lock.ts'
import { freePort } from '../process/ports.ts'
import { listEntries, type Registration } from './registry.ts'

/**
 * Finds a free port that no other registration has claimed, and writes it to the registry.
 *
 * Both happen under a lock. Otherwise two engines that start together could choose the same port,
 * and the second would take the answers of the first for its own.
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
