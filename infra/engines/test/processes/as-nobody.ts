import { findDocker } from '../../src/docker/find.ts'

/** What a user without rights is told of the Docker that DOCKER_HOST names. Everything is loaded while it may still be read. */
await import('dockerode')
if (process.getuid?.() === 0) {
  process.setgroups?.([65_534])
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}
const found = await findDocker()
process.stdout.write(`${JSON.stringify(found.usable ? { usable: true } : found)}\n`)
