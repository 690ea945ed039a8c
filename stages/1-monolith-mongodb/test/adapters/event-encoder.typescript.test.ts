import { testEventEncoder } from '@threshold/conformance/ports'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'

testEventEncoder('TypeScript', typescriptEventEncoder)
