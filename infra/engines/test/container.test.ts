import { expect, it } from 'vitest'
import { LoopbackContainer } from '../src/process/loopback-container.ts'

/** A container as it would be asked of Docker, which is not needed to see what is asked. */
class Asked extends LoopbackContainer {
  async bindings(): Promise<unknown> {
    await this.beforeContainerCreated()
    return this.hostConfig.PortBindings
  }
}

it('a container answers on this machine alone, on ports of our choice and on those of Docker’s', async () => {
  const asked = new Asked('mongo').withExposedPorts({ container: 27_017, host: 20_001 }, 9_042) as Asked
  expect(await asked.bindings()).toEqual({
    '27017/tcp': [{ HostIp: '127.0.0.1', HostPort: '20001' }],
    '9042/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }],
  })
})
