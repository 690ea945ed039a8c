import { childProcesses, lowerPriority } from '@threshold/engines'
import type { System } from './system.ts'

/**
 * A node that joins, or a tool that asks one, has so long at the most in which it is everybody's
 * equal.
 */
const LOOK_MS = 100

/**
 * Lowers all that a lab started behind its load generator; until it is disposed, what starts
 * meanwhile too. The generator is the clock of a lab and all but idle; yet on two cores, with
 * thirty threads of a database beside it, a fair scheduler let it wait up to 200 ms for its turn,
 * and its schedule was no schedule. On a machine of its own it would never wait. All of it is
 * lowered by the same amount, so between a stage, its engines and what is done to them nothing
 * changes. Where an engine is not ours to lower, nothing is: a stage behind its own database would
 * be another stage. It stays lowered, since to raise it takes a privilege.
 */
export async function lowerAllButGenerator(
  system: System,
  generatorPid: number,
): Promise<Disposable> {
  if (!allOurs(system)) return { [Symbol.dispose]: () => {} }
  const done = new Set([generatorPid])
  const look = async (): Promise<void> => {
    const news = new Set(await childProcesses()).difference(done)
    for (const pid of news) done.add(pid)
    await Promise.all([...news].map(lowerPriority))
  }
  await look()
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Processes that we started, each of them; not somebody else's, and not in a container. */
function allOurs({ mongo, cassandra }: System): boolean {
  const engines = [
    mongo.engine,
    ...(cassandra === undefined ? [] : (cassandra.engine?.nodes() ?? [undefined])),
  ]
  return engines.every((engine) => engine?.pid !== undefined)
}
