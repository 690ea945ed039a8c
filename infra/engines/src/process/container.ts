import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ContainerRuntimeClient } from 'testcontainers'
import { enginesConfig } from '../config.ts'
import { type Availability, unusable } from '../engine.ts'
import { which } from './which.ts'

/**
 * Whether testcontainers could find a runtime at all. It brings up to a second's worth of modules, which every start on a
 * machine without Docker would pay only to be told so.
 */
function hasContainerSocket(): boolean {
  const { dockerHost, runtimeDir, home } = enginesConfig()
  const places = ['/var/run/docker.sock', join(home, '.docker/run/docker.sock'), join(home, '.docker/desktop/docker.sock')]
  if (runtimeDir !== undefined) places.push(join(runtimeDir, 'docker.sock'), join(runtimeDir, 'podman/podman.sock'))
  return dockerHost !== undefined || [...places, join(home, '.testcontainers.properties')].some((place) => existsSync(place))
}

/** Undefined where nothing answers. */
export async function containerRuntime(): Promise<ContainerRuntimeClient | undefined> {
  if (!hasContainerSocket()) return undefined
  const { getContainerRuntimeClient } = await import('testcontainers')
  try {
    return await getContainerRuntimeClient()
  } catch {
    // Its error lists every strategy it tried. Nobody who has no Docker wants to read that.
    return undefined
  }
}

/** Why no container can be started here, and what to do about it. */
export const noContainers = async (): Promise<Availability> =>
  (await which('docker')) === undefined
    ? unusable('no Docker here', 'npx threshold doctor tells how to install it')
    : unusable(
        'Docker is installed, but its daemon does not answer',
        'start Docker (Linux: sudo systemctl start docker; macOS: open -a Docker)',
      )

/** True when there was such a container and it is gone now. */
export async function removeContainer(id: string): Promise<boolean> {
  const runtime = await containerRuntime()
  if (runtime === undefined) return false
  try {
    await runtime.container.getById(id).remove({ force: true, v: true })
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

const isNotFound = (error: unknown): boolean => error instanceof Error && 'statusCode' in error && error.statusCode === 404
