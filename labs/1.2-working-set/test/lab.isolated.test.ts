import { testLab } from '@threshold/lab-kit/testing'

testLab('1.2', { cacheCounters: true })
