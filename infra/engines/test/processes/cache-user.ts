import { CodedError } from '@threshold/kit'
import { installTool } from '../../src/cache.ts'
import { withLock } from '../../src/lock.ts'
import { register } from '../../src/registry/registry.ts'

/** Uses the cache like every command, and prints the error code and message if that fails. */
try {
  await using _registration = await register({ role: 'test' })
  await withLock('test', {}, async () => {})
  await installTool({ name: 'tool', version: '1', installMb: 60 }, async () => {})
  process.stdout.write('usable\n')
} catch (error) {
  process.stdout.write(
    `${error instanceof CodedError ? `${error.code}: ${error.message}` : String(error)}\n`,
  )
}
