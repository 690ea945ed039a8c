import { testSessionRegistry } from '@threshold/conformance/ports'
import { noSessions } from '../../src/adapters/session-registry.none.ts'

testSessionRegistry('None', noSessions)
