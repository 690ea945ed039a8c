import { messageOf } from '@threshold/kit'
import { unusable, usable } from '../engine.ts'
import { containerRuntime, noContainers } from '../process/container.ts'
import { VERSIONS } from '../versions.ts'
import { MONGOD_LEAST_CACHE_MB, type MongoProvider } from './provider.ts'

export const dockerMongo: MongoProvider = {
  provider: 'docker',
  name: `${VERSIONS.mongodbImage} in Docker`,
  leastCacheMb: MONGOD_LEAST_CACHE_MB,
  untried: true,

  async available(prefer) {
    const runtime = await containerRuntime()
    if (runtime === undefined) return await noContainers()
    if (prefer === 'lab') return usable
    // A first run is not the moment to pull a few hundred megabytes unasked.
    const { ImageName } = await import('testcontainers')
    try {
      if (await runtime.image.exists(ImageName.fromString(VERSIONS.mongodbImage))) return usable
      return unusable(`the image ${VERSIONS.mongodbImage} has not been pulled yet (about 300 MB)`, 'npx threshold prefetch')
    } catch (error) {
      return unusable(`Docker does not say whether it has the image: ${messageOf(error)}`, 'docker info')
    }
  },

  async start(options) {
    const { startDockerMongo } = await import('./docker.ts')
    return await startDockerMongo(options)
  },
}
