import { readFile, writeFile } from 'node:fs/promises'
import { setImmediate as later } from 'node:timers/promises'
import { withLock } from '../../src/lock.ts'

/**
 * Increments the number in a file under a lock, `times` times. It pauses between reading and
 * writing, so that two unlocked processes would lose increments.
 */
const [, , file = '', times = '0'] = process.argv
for (let time = 0; time < Number(times); time++) {
  await withLock('counter', {}, async () => {
    const count = Number(await readFile(file, 'utf8'))
    await later()
    await writeFile(file, String(count + 1))
  })
}
process.stdout.write('done\n')
