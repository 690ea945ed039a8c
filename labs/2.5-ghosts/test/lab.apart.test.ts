import { testLab } from '@threshold/lab-kit/testing'

testLab('2.5', undefined, { cassandra: true })
