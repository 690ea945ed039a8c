import { findDocker } from '../../src/docker/find.ts'

/**
 * Prints Docker's answer to a user without rights. Modules are loaded first, while the process may
 * still read them.
 */
await import('dockerode')
if (process.getuid?.() === 0) {
  process.setgroups?.([65_534])
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}
const found = await findDocker()
process.stdout.write(`${JSON.stringify(found.usable ? { usable: true } : found)}\n`)
