import { testLab } from '@threshold/lab-kit/testing'

testLab('2.2', { cluster: true })
