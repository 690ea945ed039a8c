import { withLock } from '../lock.ts'
import { freePort } from '../process/ports.ts'
import { listRuns, type Run } from './registry.ts'

/**
 * A free port that no other run of this machine has claimed, written into the run's entry. Choosing
 * and writing happen under a lock: otherwise two engines that start together may choose the same
 * port, and the one that came second would take the first one's answer for its own.
 */
export async function claimPort(run: Run): Promise<number> {
  return await withLock('ports', { withinMs: 30_000 }, async () => {
    const { runs } = await listRuns()
    const taken = new Set(runs.flatMap(({ entry }) => entry?.ports ?? []))
    const port = await freePort(taken)
    await run.update({ ports: [...run.ports, port] })
    return port
  })
}
