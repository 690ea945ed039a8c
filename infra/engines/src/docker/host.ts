import type Dockerode from 'dockerode'

export type DockerAddress =
  | { readonly socketPath: string }
  | { readonly hostname: string; readonly port: string }

/** Undefined for an unknown scheme. An `ssh://` address is always another machine. */
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

/** Dockerode reads certificates and all options missing here from Docker's own variables. */
export async function connectTo(address: DockerAddress, timeout?: number): Promise<Dockerode> {
  const { default: Dockerode } = await import('dockerode')
  // A TCP address in DOCKER_HOST would override the socket if `host` were missing.
  const target =
    'socketPath' in address
      ? ({ ...address, host: undefined, protocol: 'http' } as const)
      : { host: address.hostname, port: address.port }
  return new Dockerode({ ...target, timeout })
}
