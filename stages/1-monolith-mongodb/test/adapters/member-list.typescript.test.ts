import { testMemberList } from '@threshold/conformance/ports'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'

testMemberList('TypeScript', typescriptMemberList)
