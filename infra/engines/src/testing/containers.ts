import { findDocker } from '../docker/find.ts'
import { hasImage } from '../docker/image.ts'
import { CACHE_LABEL } from '../docker/labels.ts'
import { MONGODB_IMAGE } from '../versions.ts'

/** Whether Docker runs and has the MongoDB image. */
export async function canStartContainers(): Promise<boolean> {
  const docker = await findDocker()
  return docker.usable && (await hasImage(docker.client, MONGODB_IMAGE.name))
}

/** The ids of all containers that belong to a cache, in any state. */
export async function containersOfCache(cacheDir: string): Promise<string[]> {
  const docker = await findDocker()
  if (!docker.usable) return []
  const filters = { label: [`${CACHE_LABEL}=${cacheDir}`] }
  return (await docker.client.listContainers({ all: true, filters })).map(({ Id }) => Id)
}
