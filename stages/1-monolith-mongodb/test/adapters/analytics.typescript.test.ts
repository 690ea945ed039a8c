import { testAnalytics } from '@threshold/conformance/ports'
import { typescriptAnalytics } from '../../src/adapters/analytics.typescript.ts'

testAnalytics('TypeScript', typescriptAnalytics)
