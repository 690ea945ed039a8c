import { writeSync } from 'node:fs'

/** Preloaded into a metered program. It writes the program's CPU seconds to stream 3 on exit. */
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeSync(3, String((user + system) / 1_000_000))
})
