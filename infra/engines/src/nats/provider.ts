import { checkToolSpace, isInstalled } from '../cache.ts'
import { dockerProvider } from '../docker/provider.ts'
import { unusable } from '../engine.ts'
import type { Provider } from '../first-available.ts'
import { findPython } from '../python.ts'
import { NATS_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startDockerNats } from './docker.ts'
import type { NatsEngine, StartNatsOptions } from './engine.ts'
import { externalNats } from './external.ts'
import { findGo } from './install.ts'
import { startNativeNats } from './native.ts'

export type NatsProvider = Provider<NatsEngine, StartNatsOptions>

const dockerNats: NatsProvider = dockerProvider(NATS_IMAGE, startDockerNats)

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
