import { once } from 'node:events'
import { chmod, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findDocker } from '../src/docker/find.ts'
import { formatDoctor } from '../src/doctor/format.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { which } from '../src/process/which.ts'
import { setEnvironment, startScript, tempFolder } from './helpers.ts'

/** A socket that answers like a Docker daemon without images. */
async function emptyDaemon(use: AsyncDisposableStack): Promise<{ host: string; path: string }> {
  const dir = await tempFolder(use)
  const path = join(dir, 'docker.sock')
  const server = createServer((request, response) => {
    const info = request.url?.startsWith('/info')
    response.writeHead(info ? 200 : 404, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        info ? { ServerVersion: '99.1', OperatingSystem: 'a test' } : { message: 'no such image' },
      ),
    )
  })
  server.listen(path)
  await once(server, 'listening')
  use.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  await Promise.all([chmod(dir, 0o755), chmod(path, 0o777)])
  return { host: `unix://${path}`, path }
}

const toldOf = async (use: AsyncDisposableStack, host: string) => {
  setEnvironment(use, { DOCKER_HOST: host })
  return await findDocker()
}

describe('Docker', () => {
  it('is found at the socket of DOCKER_HOST', async () => {
    await using use = new AsyncDisposableStack()
    const { host } = await emptyDaemon(use)
    expect(await toldOf(use, host)).toMatchObject({
      usable: true,
      host,
      version: '99.1',
      system: 'a test',
    })
  })

  it.each([
    [
      'tcp://database.example:2375',
      'containers on another machine cannot be reached from here',
      'unset DOCKER_HOST',
    ],
    [
      'ssh://ada@database.example',
      'containers on another machine cannot be reached from here',
      'THRESHOLD_MONGODB_URI',
    ],
    [
      'docker.sock',
      'DOCKER_HOST is docker.sock, which is not the address of a Docker daemon',
      'unix:///path',
    ],
    [
      'unix:///nowhere/docker.sock',
      'does not answer at unix:///nowhere/docker.sock: there is no such socket',
      'unset DOCKER_HOST',
    ],
    [
      'tcp://127.0.0.1:1',
      'does not answer at tcp://127.0.0.1:1: nothing listens there',
      'unset DOCKER_HOST',
    ],
  ])('at %s is rejected at once with its address', async (host, why, next) => {
    await using use = new AsyncDisposableStack()
    const refused = {
      usable: false,
      installed: true,
      why: expect.stringContaining(why),
      next: expect.stringContaining(next),
    }
    expect(await toldOf(use, host)).toMatchObject(refused)
  })

  it('that the user may not use is reported as running', async () => {
    await using use = new AsyncDisposableStack()
    const { host, path } = await emptyDaemon(use)
    await chmod(path, 0)
    setEnvironment(use, { DOCKER_HOST: host })
    // Root may use every socket, so another user tries.
    const { firstLine } = await startScript(use, 'find-docker-as-nobody.ts')
    expect(JSON.parse(firstLine)).toEqual({
      usable: false,
      installed: true,
      why: `Docker runs, but this user may not use ${path}`,
      next: 'sudo usermod -aG docker "$USER" && newgrp docker',
    })
  })

  it('that has no socket is to be started, not installed', async () => {
    await using use = new AsyncDisposableStack()
    const [path, home] = [await tempFolder(use), await tempFolder(use)]
    await symlink((await which('true'))!, join(path, 'docker'))
    setEnvironment(use, { DOCKER_HOST: `unix://${home}/none.sock`, PATH: path, HOME: home })
    const { tools } = await inspectMachine()
    const docker = tools.find(({ name }) => name === 'Docker')
    expect(docker).toMatchObject({
      version: undefined,
      why: expect.stringContaining('does not answer'),
    })
    expect(docker?.install).toMatch(/^start the Docker of DOCKER_HOST/)
  })
})

describe('the doctor, with a Docker without images', () => {
  it('reports that Docker must pull all engines first', async () => {
    await using use = new AsyncDisposableStack()
    setEnvironment(use, { DOCKER_HOST: (await emptyDaemon(use)).host })
    setEnvironment(use, {
      THRESHOLD_MONGODB_URI: undefined,
      THRESHOLD_CASSANDRA_URI: undefined,
      THRESHOLD_NATS_URI: undefined,
    })
    const report = await inspectMachine()
    const text = formatDoctor(report)
    for (const { quick, lab } of report.stages) {
      expect(quick?.name ?? '').not.toContain('in Docker')
      expect(lab).toMatchObject({
        name: expect.stringContaining('in Docker'),
        install: expect.stringMatching(/^pulled first/),
      })
    }
    expect(text).toMatch(/in labs: cassandra:\S+ in Docker, pulled first, under 200 MB/)
  })

  it('reports which Docker was tried and which was not', async () => {
    await using use = new AsyncDisposableStack()
    setEnvironment(use, { DOCKER_HOST: (await emptyDaemon(use)).host })
    const text = formatDoctor(await inspectMachine())
    expect(text).toMatch(
      /✓ Docker +99\.1 on a test, .*tried with Docker \d+\.\d+\.\d+ on images of infra\/docker/,
    )
    expect(text).toContain('not tried: the official images, rootless Docker, macOS')
  })
})
