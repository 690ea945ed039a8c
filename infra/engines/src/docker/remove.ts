import { setTimeout as delay } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { findDocker } from './find.ts'
import { connectTo, parseDockerHost } from './host.ts'
import { isConflict, isNotFound } from './image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from './labels.ts'

const ANSWER_TIMEOUT_MS = 30_000
/** How long a daemon may still work on a container that its killed owner asked for. */
const IN_FLIGHT_MS = 3_000
const POLL_MS = 100

export interface RegisteredContainer {
  readonly runId: string
  /** Written down as soon as Docker had created it; undefined when its owner was killed before. */
  readonly containerId: string | undefined
  readonly dockerHost: string
}

/**
 * Removes the containers of one run, with their data, and returns their ids. Throws when the daemon
 * does not answer.
 */
export async function removeRegisteredContainers({
  runId,
  containerId,
  dockerHost,
}: RegisteredContainer): Promise<string[]> {
  const address = parseDockerHost(dockerHost)
  if (address === undefined) return []
  const client = await connectTo(address, ANSWER_TIMEOUT_MS)
  if (containerId !== undefined) return (await remove(client, containerId)) ? [containerId] : []
  const until = Date.now() + IN_FLIGHT_MS
  for (;;) {
    const removed = await removeLabelled(client, `${REGISTRATION_LABEL}=${runId}`)
    if (removed.length > 0 || Date.now() > until) return removed
    await delay(POLL_MS)
  }
}

/**
 * The same for everything of one cache, on the daemon that is used now: what no entry leads to any
 * more.
 */
export async function removeContainersOfCache(cacheDir: string): Promise<string[]> {
  const docker = await findDocker()
  return docker.usable ? await removeLabelled(docker.client, `${CACHE_LABEL}=${cacheDir}`) : []
}

async function removeLabelled(client: Dockerode, label: string): Promise<string[]> {
  const containers = await client.listContainers({ all: true, filters: { label: [label] } })
  const removed = await Promise.all(
    containers.map(async ({ Id }) => ((await remove(client, Id)) ? [Id] : [])),
  )
  return removed.flat()
}

/** True when there was such a container and it is gone now. Two sweeps may remove the same one. */
async function remove(client: Dockerode, id: string): Promise<boolean> {
  try {
    await client.getContainer(id).remove({ force: true, v: true })
    return true
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false
    throw error
  }
}
