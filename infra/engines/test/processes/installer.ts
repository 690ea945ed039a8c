import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installTool } from '../../src/cache.ts'
import { runCommand } from '../../src/process/command.ts'

/** Installs half a tool, then runs a program that never exits. */
await installTool({ name: 'half', version: '1' }, async (dir) => {
  await writeFile(join(dir, 'half'), 'half')
  await runCommand({
    title: 'a long build',
    command: process.execPath,
    args: ['-e', 'console.log(process.pid); setInterval(() => {}, 60_000)'],
    onLine: (line) => process.stdout.write(`${line}\n`),
  })
})
