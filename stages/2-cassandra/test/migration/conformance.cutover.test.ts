import { testConformanceIn } from './conformance.ts'

testConformanceIn('cutover')
