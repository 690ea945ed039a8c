import { testLab } from '@threshold/lab-kit/testing'

testLab('2.3', { cassandra: true })
