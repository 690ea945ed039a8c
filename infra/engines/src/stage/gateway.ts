import { CodedError, messageOf } from '@threshold/kit'

const TIMEOUT_MS = 10_000

/**
 * Asks a running stage for the address of a gateway, which need not be that of its REST API. A
 * stage with several gateways answers with each in turn. Throws NO_GATEWAY.
 */
export async function askGateway(stageUrl: string): Promise<string> {
  const url = `${stageUrl}/api/v10/gateway`
  const failed = (what: string): CodedError =>
    new CodedError('NO_GATEWAY', `GET ${url} ${what}`, {
      next: 'check that the stage at this address is running',
    })
  let body: unknown
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw failed(`was answered ${response.status}`)
    body = await response.json()
  } catch (error) {
    throw error instanceof CodedError ? error : failed(`failed: ${messageOf(error)}`)
  }
  const address = (body as { url?: unknown } | null)?.url
  if (typeof address === 'string' && /^wss?:\/\//.test(address)) return address
  throw failed('was answered without the address of a gateway')
}
