import { testLab } from '@threshold/lab-kit/testing'

testLab('2.5', { cassandra: true })
