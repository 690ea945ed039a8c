import { spawn } from 'node:child_process'
import { TAG_VARIABLE } from '../../src/process/process-tags.ts'
import { register } from '../../src/registry/registry.ts'

/** Starts a child but does not register its id, and keeps running until it is killed. */
const registration = await register({ role: 'stage', onExit: 'kill' })
const child = spawn('sleep', ['600'], {
  detached: true,
  stdio: 'ignore',
  env: { ...process.env, [TAG_VARIABLE]: registration.id },
})
process.stdout.write(`${child.pid}\n`)
setInterval(() => {}, 60_000)
