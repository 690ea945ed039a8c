import type Dockerode from 'dockerode'
import { waitUntil } from '../process/wait-until.ts'
import { findDocker } from './find.ts'
import { connectTo, parseDockerHost } from './host.ts'
import { isConflict, isNotFound } from './image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from './labels.ts'

const ANSWER_TIMEOUT_MS = 30_000
/** How long a daemon may take to create a container whose owner was killed meanwhile. */
const IN_FLIGHT_MS = 3_000
const POLL_MS = 100

export interface RegisteredContainer {
  readonly registrationId: string
  /** Undefined if the owner was killed before Docker returned the id. */
  readonly containerId: string | undefined
  readonly dockerHost: string
}

/**
 * Removes the containers of a registration with their data, and returns their ids. If the id is
 * unknown, it looks for labelled containers for up to 3 s, since the daemon may still be creating
 * one. Throws if the daemon does not answer.
 */
export async function removeRegisteredContainers({
  registrationId,
  containerId,
  dockerHost,
}: RegisteredContainer): Promise<string[]> {
  const address = parseDockerHost(dockerHost)
  if (address === undefined) return []
  const client = await connectTo(address, ANSWER_TIMEOUT_MS)
  if (containerId !== undefined) return (await remove(client, containerId)) ? [containerId] : []
  let removed: string[] = []
  const removeAny = async (): Promise<boolean> => {
    removed = await removeLabelled(client, `${REGISTRATION_LABEL}=${registrationId}`)
    return removed.length > 0
  }
  await waitUntil(removeAny, { intervalMs: POLL_MS, timeoutMs: IN_FLIGHT_MS })
  return removed
}

/** Removes all containers of a cache from the current daemon, also unregistered ones. */
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

/** Returns true if this call removed the container. Two sweeps may try to remove the same one. */
async function remove(client: Dockerode, id: string): Promise<boolean> {
  try {
    await client.getContainer(id).remove({ force: true, v: true })
    return true
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return false
    throw error
  }
}
