import { CodedError } from '@threshold/kit'
import type { Provider } from '../first-available.ts'
import type { OnProgress } from '../progress.ts'
import { type Docker, findDocker } from './find.ts'
import { type Image, imageAvailable } from './image.ts'

/** The provider of an engine that runs in a container of this image. */
export const dockerProvider = <E, Options>(
  image: Image,
  start: (docker: Docker, options: Options, onProgress: OnProgress) => Promise<E>,
): Provider<E, Options> => ({
  provider: 'docker',
  name: `${image.name} in Docker`,
  available: (prefer) => imageAvailable(image, prefer),
  async start(options, onProgress) {
    const docker = await findDocker()
    if (!docker.usable) throw new CodedError('NO_DOCKER', docker.why, { next: docker.next })
    return await start(docker, options, onProgress)
  },
})
