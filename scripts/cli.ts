import { run } from './src/program.ts'

// A reader such as `head` that has enough: nothing that follows would be read. Engines end with this process.
process.stdout.on('error', () => process.exit(0))
// The terminal was closed. SIGHUP says so too, and what closes then must not fail for want of words.
process.stderr.on('error', () => {})

// Whatever still runs is registered with the engines: leaving by `exit` ends it, where waiting for it might never end.
process.exit(await run(process.argv.slice(2)))
