import type Dockerode from 'dockerode'

export type DockerAddress =
  | { readonly socketPath: string }
  | { readonly hostname: string; readonly port: string }

/** Undefined when it is not a unix or a TCP address. `ssh://` is one of another machine. */
export function parseDockerHost(host: string): DockerAddress | undefined {
  try {
    const { protocol, hostname, port, pathname } = new URL(host)
    if (protocol === 'unix:')
      return pathname === '' ? undefined : { socketPath: decodeURIComponent(pathname) }
    return ['tcp:', 'http:', 'https:', 'ssh:'].includes(protocol) ? { hostname, port } : undefined
  } catch {
    return undefined
  }
}

export const isLocal = (address: DockerAddress): boolean =>
  'socketPath' in address || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(address.hostname)

/**
 * Dockerode takes certificates and everything else that we leave out from Docker's own variables.
 */
export async function connectTo(address: DockerAddress, timeout?: number): Promise<Dockerode> {
  const { default: Dockerode } = await import('dockerode')
  // Without `host: undefined` a TCP address in DOCKER_HOST would win over the socket.
  const place =
    'socketPath' in address
      ? ({ ...address, host: undefined, protocol: 'http' } as const)
      : { host: address.hostname, port: address.port }
  return new Dockerode({ ...place, timeout })
}
