import { spawn } from 'node:child_process'
import { TAG_VARIABLE } from '../../src/process/process-tags.ts'
import { register } from '../../src/registry/registry.ts'

/** Is between the start of a process and the entry of its id, and stays there to be killed. */
const run = await register({ role: 'stage', onExit: 'kill' })
const child = spawn('sleep', ['600'], {
  detached: true,
  stdio: 'ignore',
  env: { ...process.env, [TAG_VARIABLE]: run.id },
})
process.stdout.write(`${child.pid}\n`)
setInterval(() => {}, 60_000)
