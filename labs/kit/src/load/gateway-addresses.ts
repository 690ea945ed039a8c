/** The gateways of a stage, shared by all sessions of a generator. */
export interface GatewayAddresses {
  /** The address for a new socket. Several gateways get sockets in turn. */
  next(): Promise<string>
  /**
   * Reports an attempt that ended without a session. The stage may have restarted at another
   * address, and so is asked again, at most once a second. Sessions do not wait for the answer:
   * gateways may serve while REST does not.
   */
  failed(): void
}

const ASK_AGAIN_MS = 1_000
const MAX_GATEWAYS = 16

/**
 * `ask` resolves with the address of one gateway, and of several with each in turn. It is called
 * until an address comes again, and not for each socket: that would load the stage with a request
 * that clients send rarely.
 */
export function gatewayAddresses(
  ask: () => Promise<string>,
  nowMs: () => number,
): GatewayAddresses {
  let addresses: readonly string[] = []
  let turn = 0
  let asking: Promise<void> | undefined
  let askedAtMs = 0

  const askForAll = async (): Promise<void> => {
    askedAtMs = nowMs()
    const found = new Set<string>()
    for (let i = 0; i < MAX_GATEWAYS && found.size === i; i++) found.add(await ask())
    addresses = [...found]
  }
  const askOnce = (): Promise<void> => {
    asking ??= askForAll().finally(() => {
      asking = undefined
    })
    return asking
  }

  return {
    async next() {
      if (addresses.length === 0) await askOnce()
      return addresses[turn++ % addresses.length]!
    },
    failed() {
      if (nowMs() - askedAtMs < ASK_AGAIN_MS) return
      askOnce().catch(() => {}) // the last addresses remain
    },
  }
}
