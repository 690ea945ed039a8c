import { CodedError, messageOf } from '@threshold/kit/errors'
import type Dockerode from 'dockerode'
import { type Availability, type Preference, unusable, usable } from '../engine.ts'
import type { OnProgress } from '../progress.ts'
import { findDocker } from './find.ts'
import { STAND_IN_LABEL } from './labels.ts'

export interface Image {
  /** The name with its tag. */
  readonly name: string
  /** The download size, for messages. */
  readonly size: string
}

/**
 * Whether a start may use the image: Docker runs, and the image is present or `lab` may pull it. A
 * `quick` start does not wait for a pull of a few hundred megabytes.
 */
export async function imageAvailable(image: Image, prefer: Preference): Promise<Availability> {
  const docker = await findDocker()
  if (!docker.usable) return unusable(docker.why, docker.next)
  if (prefer === 'lab' || (await hasImage(docker.client, image.name))) return usable
  return unusable(
    `the image ${image.name} has not been pulled yet (${image.size})`,
    'npx threshold prefetch',
  )
}

export async function hasImage(client: Dockerode, name: string): Promise<boolean> {
  try {
    await client.getImage(name).inspect()
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/**
 * Whether a label of the image marks it as a stand-in. False if the image has not been pulled. Use
 * `detectProduct` for a running server.
 */
export async function isStandInImage(image: Image): Promise<boolean> {
  const docker = await findDocker()
  if (!docker.usable || !(await hasImage(docker.client, image.name))) return false
  const { Config } = await docker.client.getImage(image.name).inspect()
  return Config.Labels?.[STAND_IN_LABEL] !== undefined
}

/** Pulls the image if it is missing. Throws NO_IMAGE if that fails. */
export async function ensureImage(
  client: Dockerode,
  image: Image,
  onProgress: OnProgress,
): Promise<void> {
  const { name, size } = image
  if (await hasImage(client, name)) return
  const text = `pulling ${name}, ${size}`
  onProgress({ text })
  try {
    const stream = await client.pull(name)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const layers = new Map<string, boolean>()
    client.modem.followProgress(
      stream,
      (error) => (error ? reject(error) : resolve()),
      (event: { id?: string; status?: string }) => {
        if (event.id === undefined || event.status === undefined) return
        layers.set(
          event.id,
          (layers.get(event.id) ?? false) || /^(Pull complete|Already exists)$/.test(event.status),
        )
        const done = [...layers.values()].filter(Boolean).length
        onProgress({ text, done, total: layers.size })
      },
    )
    await promise
  } catch (error) {
    throw new CodedError(
      'NO_IMAGE',
      `the image ${name} is missing and cannot be pulled: ${messageOf(error)}`,
      {
        cause: error,
        next: 'npx threshold prefetch on a network that reaches the registry, or docker load',
      },
    )
  }
}

export const isNotFound = (error: unknown): boolean => statusOf(error) === 404
/** The container's state does not allow the operation, such as two removals at once. */
export const isConflict = (error: unknown): boolean => statusOf(error) === 409

const statusOf = (error: unknown): unknown =>
  error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
