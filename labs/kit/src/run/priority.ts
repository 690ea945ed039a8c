import { childProcesses, lowerPriority } from '@threshold/engines'
import type { System } from './system.ts'

/** A process that the lab starts later, such as a node that joins, is lowered within this time. */
const POLL_MS = 100

/**
 * Lowers the priority of every process that the lab started except the load generator. Processes
 * that start later are lowered too, until the result is disposed of.
 *
 * The generator is the lab's clock and uses little CPU. A fair scheduler still let it wait up to
 * 200 ms on two cores with thirty database threads, which broke its schedule. Production would give
 * it a machine of its own.
 *
 * All other processes are lowered by the same amount, so that the stage and its engines still
 * compete as equals. If the lab cannot lower an engine, it lowers nothing: a stage with a lower
 * priority than its database would be measured wrongly. Priorities stay lowered, since raising them
 * needs a privilege.
 */
export async function lowerAllButGenerator(
  system: System,
  generatorPid: number,
): Promise<Disposable> {
  if (!ownsAllEngines(system)) return { [Symbol.dispose]: () => {} }
  const handled = new Set([generatorPid])
  const lowerNewProcesses = async (): Promise<void> => {
    const started = new Set(await childProcesses()).difference(handled)
    for (const pid of started) handled.add(pid)
    await Promise.all([...started].map(lowerPriority))
  }
  await lowerNewProcesses()
  const timer = setInterval(() => void lowerNewProcesses(), POLL_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** True if every engine is a local process that the lab started, and not a container. */
function ownsAllEngines({ mongo, cassandra, nats }: System): boolean {
  const engines = [
    mongo.engine,
    ...(cassandra === undefined ? [] : (cassandra.engine?.nodes() ?? [undefined])),
    ...(nats === undefined ? [] : [nats]),
  ]
  return engines.every((engine) => engine?.pid !== undefined)
}
