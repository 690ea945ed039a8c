import { testPermissions } from '@threshold/conformance/ports'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'

testPermissions('TypeScript', typescriptPermissions)
