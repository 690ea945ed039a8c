import { testLab } from '@threshold/lab-kit/testing'

testLab('2.6', { cassandra: true })
