import { busyGuilds, count, defineLab, reported } from '@threshold/lab-kit'
import {
  editsAndDeletesThroughStage,
  naiveDeletes,
  RACES,
  REPORTED,
  SECRET,
  stageDeletes,
} from './race.ts'

const base = busyGuilds({ guilds: 2, online: 5, messagesPerSecond: 4, seconds: 12, seed: 25 })
const env = { THRESHOLD_TOKEN_SECRET: SECRET }

export default defineLab({
  id: '2.5',
  title: 'Ghosts',
  question: 'What does eventual consistency leave behind?',
  hypothesis:
    'In Cassandra every write is an upsert. An edit that arrives after a delete creates a row with only the edited columns: a message without an author. If the delete has a later timestamp than every write, no row comes back, whatever the order of arrival.',
  minutes: { quick: 1, full: 3 },
  memory: '2 GB',

  load: {
    ...base,
    groups: [
      ...base.groups,
      { name: 'raced', guilds: 1, online: 1, channels: 1, messagesPerSecond: 0, readsPerSecond: 0 },
    ],
  },
  arms: {
    naive: { stage: 'stage-2', env, intervention: naiveDeletes },
    fixed: { stage: 'stage-2', env, intervention: stageDeletes },
    stage: { stage: 'stage-2', env, intervention: editsAndDeletesThroughStage },
  },

  measure: {
    races: reported(REPORTED.races, 'count', REPORTED.races),
    editsDone: reported(REPORTED.edits, 'count', REPORTED.edits),
    raced: reported(REPORTED.raced, 'count', REPORTED.raced),
    ghosts: reported(REPORTED.ghosts, 'count', `${REPORTED.ghosts}, found in the table itself`),
    shown: reported(REPORTED.shown, 'count', REPORTED.shown),
    errors: count.errors(),
  },

  expect: {
    naive: ({ ghosts }) => ghosts.atLeast(100),
    // The same edits, all of which succeed after their deletes.
    fixed: ({ ghosts, shown, editsDone }) => ghosts.is(0).and(shown.is(0)).and(editsDone.is(RACES)),
    // The trial proves nothing unless at least 20 of 200 edits overlap their delete and succeed.
    stage: ({ ghosts, shown, raced, errors }) =>
      ghosts.is(0).and(shown.is(0)).and(raced.atLeast(20)).and(errors.is(0)),
  },

  control: {
    text: 'the deletes of the second arm have the time at which they are written, as in the first',
    interventions: { fixed: naiveDeletes },
    failsOn: ['fixed: ghosts'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 5, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 60, warmupSeconds: 3 } },
  },
})
