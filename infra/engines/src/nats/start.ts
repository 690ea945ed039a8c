import { startFirstProvider } from '../first-available.ts'
import type { OnProgress } from '../progress.ts'
import type { NatsEngine, StartNatsOptions } from './engine.ts'
import { NATS_PROVIDERS } from './provider.ts'

/**
 * Connects to or starts a NATS with the first provider that works, in the order external, Docker,
 * native, and returns when JetStream answers. Throws NO_NATS with every provider's reason if none
 * works. If the options leave one provider and its start fails, that error is thrown.
 */
export const startNats = (
  options: StartNatsOptions & { onProgress?: OnProgress } = {},
): Promise<NatsEngine> =>
  startFirstProvider(NATS_PROVIDERS, options, { code: 'NO_NATS', product: 'NATS' })
