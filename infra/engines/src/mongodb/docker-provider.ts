import { CodedError } from '@threshold/kit'
import { findDocker } from '../docker/find.ts'
import { imageAvailable } from '../docker/image.ts'
import { MONGODB_IMAGE, VERSIONS } from '../versions.ts'
import { startDockerMongo } from './docker.ts'
import { MONGOD_MIN_CACHE_MB, type MongoProvider } from './provider.ts'

export const dockerMongo: MongoProvider = {
  provider: 'docker',
  name: `${VERSIONS.mongodbImage} in Docker`,
  minCacheMb: MONGOD_MIN_CACHE_MB,
  available: (prefer) => imageAvailable(MONGODB_IMAGE, prefer),
  async start(options) {
    const docker = await findDocker()
    if (!docker.usable) throw new CodedError('NO_DOCKER', docker.why, { next: docker.next })
    return await startDockerMongo(docker, options)
  },
}
