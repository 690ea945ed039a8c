import { run } from './src/program.ts'

// Whatever still runs is registered with the engines: leaving by `exit` ends it, where waiting for it might never end.
process.exit(await run(process.argv.slice(2)))
