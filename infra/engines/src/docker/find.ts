import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '@threshold/kit/errors'
import type Dockerode from 'dockerode'
import { enginesConfig } from '../config.ts'
import { which } from '../process/which.ts'
import { connectTo, isLocal, parseDockerHost } from './host.ts'

export interface Docker {
  readonly client: Dockerode
  /** The daemon's address, in the format of DOCKER_HOST. */
  readonly host: string
  readonly version: string
  readonly system: string
}

export type FoundDocker =
  | ({ readonly usable: true } & Docker)
  | {
      readonly usable: false
      /** Whether Docker is on this machine. The help depends on it. */
      readonly installed: boolean
      readonly why: string
      readonly next: string
    }

/** A busy daemon may take seconds, but one that hangs must not hang the doctor. */
const ANSWER_TIMEOUT_MS = 10_000

/**
 * Finds the first Docker daemon that answers and publishes ports on this machine. Dockerode is
 * imported only if there is a socket, so that a machine without Docker does not pay for it.
 */
export async function findDocker(): Promise<FoundDocker> {
  const { dockerHost } = enginesConfig()
  const hosts = dockerHost === undefined ? defaultHosts() : [dockerHost]
  let first: FoundDocker | undefined
  for (const host of hosts) {
    const found = await tryHost(host)
    if (found.usable) return found
    first ??= found
  }
  return first ?? (await noSocket())
}

/** The sockets of Docker, Docker Desktop and rootless Docker. */
function defaultHosts(): string[] {
  const { runtimeDir, home } = enginesConfig()
  const sockets = [
    '/var/run/docker.sock',
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
  ]
  if (runtimeDir !== undefined) sockets.push(join(runtimeDir, 'docker.sock'))
  return sockets.filter((socket) => existsSync(socket)).map((socket) => `unix://${socket}`)
}

const START = 'start Docker (Linux: sudo systemctl start docker; macOS: open -a Docker)'

async function noSocket(): Promise<FoundDocker> {
  if ((await which('docker')) === undefined)
    return {
      usable: false,
      installed: false,
      why: 'Docker is not installed',
      next: 'npx threshold doctor shows how to install it',
    }
  const why =
    'Docker is installed, but its daemon does not answer: there is no /var/run/docker.sock'
  return { usable: false, installed: true, why, next: START }
}

async function tryHost(host: string): Promise<FoundDocker> {
  const refuse = (why: string, next: string): FoundDocker => ({
    usable: false,
    installed: true,
    why,
    next,
  })
  const address = parseDockerHost(host)
  if (address === undefined)
    return refuse(
      `DOCKER_HOST is ${host}, which is not the address of a Docker daemon`,
      'set it to unix:///path or unset it',
    )
  if (!isLocal(address)) {
    // Most engines have no password, so the daemon publishes their ports only on its own loopback.
    const why = `DOCKER_HOST is ${host}: containers on another machine cannot be reached from here`
    return refuse(
      why,
      'unset DOCKER_HOST, or start the databases there and set ' +
        'THRESHOLD_MONGODB_URI, THRESHOLD_CASSANDRA_URI and THRESHOLD_NATS_URI',
    )
  }
  try {
    const info = await (await connectTo(address, ANSWER_TIMEOUT_MS)).info()
    const client = await connectTo(address)
    if (await isSiblingContainer(client))
      return refuse(
        'Threshold runs in a container, where the published ports of others do not answer',
        'start this container with --network host, or set ' +
          'THRESHOLD_MONGODB_URI, THRESHOLD_CASSANDRA_URI and THRESHOLD_NATS_URI',
      )
    return {
      usable: true,
      client,
      host,
      version: String(info.ServerVersion),
      system: String(info.OperatingSystem),
    }
  } catch (error) {
    return connectionFailure(error, host, refuse)
  }
}

function connectionFailure(
  error: unknown,
  host: string,
  refuse: (why: string, next: string) => FoundDocker,
): FoundDocker {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EACCES' || code === 'EPERM')
    return refuse(
      `Docker runs, but this user may not use ${host.replace('unix://', '')}`,
      'sudo usermod -aG docker "$USER" && newgrp docker',
    )
  const next =
    enginesConfig().dockerHost === undefined
      ? START
      : `start the Docker of DOCKER_HOST (${host}), or unset DOCKER_HOST`
  const why =
    code === 'ENOENT'
      ? 'there is no such socket'
      : code === 'ECONNREFUSED'
        ? 'nothing listens there'
        : messageOf(error)
  return refuse(`the Docker daemon does not answer at ${host}: ${why}`, next)
}

/**
 * Whether this process runs in a container of the same daemon with its own network. 127.0.0.1 is
 * then this container, not the machine on which the daemon publishes ports. A container's host name
 * is its id by default.
 */
export async function isSiblingContainer(
  client: Dockerode,
  { name = hostname(), marker = '/.dockerenv' } = {},
): Promise<boolean> {
  if (!existsSync(marker)) return false
  try {
    return (await client.getContainer(name).inspect()).HostConfig.NetworkMode !== 'host'
  } catch {
    return false
  }
}
