import { withLock } from '../../src/lock.ts'

/** Holds the lock of the given name until it is killed. */
await withLock(process.argv[2] ?? '', {}, async () => {
  process.stdout.write('held\n')
  await new Promise(() => setInterval(() => {}, 60_000))
})
