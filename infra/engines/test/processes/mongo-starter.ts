import { CodedError } from '@threshold/kit'
import { startMongo } from '../../src/mongodb/start.ts'

/** Starts a local MongoDB, and prints the error if that fails. */
try {
  await using engine = await startMongo({ provider: 'native' })
  process.stdout.write(`started ${engine.label.text}\n`)
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  process.stdout.write(`${error.code}: ${error.message}\n→ ${error.next}\n`)
}
