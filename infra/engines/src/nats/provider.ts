import { CodedError } from '@threshold/kit'
import { checkToolSpace, isInstalled } from '../cache.ts'
import { findDocker } from '../docker/find.ts'
import { imageAvailable } from '../docker/image.ts'
import { type Availability, type Preference, unusable } from '../engine.ts'
import type { OnProgress } from '../progress.ts'
import { findPython } from '../python.ts'
import { NATS_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startDockerNats } from './docker.ts'
import type { NatsEngine, StartNatsOptions } from './engine.ts'
import { externalNats } from './external.ts'
import { findGo } from './install.ts'
import { startNativeNats } from './native.ts'

export interface NatsProvider {
  readonly provider: 'external' | 'docker' | 'native'
  readonly name: string
  /** Installs and starts nothing. */
  available(prefer: Preference): Promise<Availability>
  start(options: StartNatsOptions, onProgress: OnProgress): Promise<NatsEngine>
}

const dockerNats: NatsProvider = {
  provider: 'docker',
  name: `${NATS_IMAGE.name} in Docker`,
  available: (prefer) => imageAvailable(NATS_IMAGE, prefer),
  async start(options, onProgress) {
    const docker = await findDocker()
    if (!docker.usable) throw new CodedError('NO_DOCKER', docker.why, { next: docker.next })
    return await startDockerNats(docker, options, onProgress)
  },
}

/** The space for a few streams and logs. */
const RUN_MB = 100

export const nativeNats: NatsProvider = {
  provider: 'native',
  name: `NATS ${VERSIONS.nats}, local processes`,
  async available() {
    const python = (await isInstalled(TOOLS.nats)) || (await findPython())
    if (python !== true && !python.usable && (await findGo()) === undefined)
      return unusable(`${python.why}, and no go to build it`, python.next)
    return await checkToolSpace(TOOLS.nats, RUN_MB)
  },
  start: startNativeNats,
}

/** The order of preference: the user's own server, a container, local processes. */
export const NATS_PROVIDERS: readonly NatsProvider[] = [externalNats, dockerNats, nativeNats]
