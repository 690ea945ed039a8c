import { GenericContainer } from 'testcontainers'

/**
 * A container whose ports answer on this machine alone. Docker publishes them to every network the machine is on, past most
 * firewalls, and the engines here ask nobody for a password.
 */
export class LoopbackContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    const bindings: Record<string, { HostIp?: string }[]> = this.hostConfig.PortBindings ?? {}
    for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1'
  }
}
