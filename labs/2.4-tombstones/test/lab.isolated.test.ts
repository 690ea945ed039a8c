import { testLab } from '@threshold/lab-kit/testing'

testLab('2.4', { cassandra: true })
