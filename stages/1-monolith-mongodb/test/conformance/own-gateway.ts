/**
 * Puts the address of a proxy into the answer of `/gateway`. Otherwise clients would bypass the
 * proxy if the stage's gateway has an address of its own.
 */
export function withOwnGateway(path: string, body: string, proxyHost: string): string {
  if (!/\/gateway(\/bot)?$/.test(path)) return body
  const answer = JSON.parse(body) as { url?: string }
  return answer.url === undefined ? body : JSON.stringify({ ...answer, url: `ws://${proxyHost}` })
}
