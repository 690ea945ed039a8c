import { testTimeReservations } from '@threshold/conformance/ports'
import { mongoTimeReservations } from '../../src/adapters/time-reservations.mongodb.ts'
import { database } from './database.ts'

testTimeReservations('MongoDB', async (use) => mongoTimeReservations(await database(use)))
