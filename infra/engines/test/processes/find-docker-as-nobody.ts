import { findDocker } from '../../src/docker/find.ts'

/**
 * Prints the result of findDocker for a user without rights. The module is loaded first, while the
 * process may still read it.
 */
await import('dockerode')
if (process.getuid?.() === 0) {
  process.setgroups?.([65_534])
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}
const found = await findDocker()
process.stdout.write(`${JSON.stringify(found.usable ? { usable: true } : found)}\n`)
