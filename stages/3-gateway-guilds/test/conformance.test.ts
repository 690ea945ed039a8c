import { testStage3 } from './conformance.ts'

testStage3('stage 3', { guilds: 2, gateway: 2 })
