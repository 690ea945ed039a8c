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
    naive: {
      title: 'Plain statements',
      stage: 'stage-2',
      breaks: true,
      env,
      intervention: naiveDeletes,
    },
    fixed: { title: 'Deletes of stage 2', stage: 'stage-2', env, intervention: stageDeletes },
    stage: {
      title: 'Through two processes of stage 2',
      stage: 'stage-2',
      env,
      intervention: editsAndDeletesThroughStage,
    },
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

  predict: [
    {
      text: 'Two hundred messages are deleted, and each is edited afterwards by a client that does not know. With plain statements, how many rows without an author remain?',
      answer: ({ naive }) => naive.ghosts,
      range: [0, 200],
      wrongAnswers: [
        {
          answer: 0,
          reveals:
            'You expect an update of a missing row to do nothing, as in MongoDB. In Cassandra every write is an upsert.',
        },
        {
          answer: [1, 150],
          reveals:
            'You expect chance to decide. There is no race here: the edit has the later timestamp, so it always wins.',
        },
      ],
    },
    {
      text: 'The same edits, and deletes as stage 2 writes them: how many remain?',
      answer: ({ fixed }) => fixed.ghosts,
      range: [0, 200],
      wrongAnswers: [
        {
          answer: [150, 200],
          reveals:
            'You expect the edit to win because it comes later. Cassandra compares timestamps and not arrivals, and the delete carries the later one.',
        },
        {
          answer: [1, 149],
          reveals:
            'You expect a cure that works most of the time. The delete carries a later timestamp than any other write, so no order of arrival changes the result.',
        },
      ],
    },
  ],
  hints: [
    'Cassandra does not read before it writes. What does an UPDATE of a row that does not exist do?',
    'Of two writes to one cell, the later timestamp wins, whatever the order of arrival. Which part of the system chooses the timestamp?',
    'Stage 2 writes a delete with a timestamp later than every other write can have. A message id is never reused.',
  ],
  report: {
    sentence: ({ naive, fixed, stage }) =>
      `Plain statements left ${naive.ghosts} of 200 edited and deleted messages as rows without an author; stage 2's deletes left ${fixed.ghosts}, and ${stage.ghosts} where two processes raced ${stage.raced} times.`,
    figures: ['ghosts', 'shown'],
    why: 'Cassandra does not read before it writes, so an edit of a deleted message creates a row with only the edited columns. The later timestamp wins, in any order of arrival. Stage 2 gives every delete a timestamp that is later than every other write, and never reuses a message id.',
    code: {
      file: 'stages/2-cassandra/src/cassandra/statements.ts',
      line: 'messages} USING TIMESTAMP ? WHERE',
    },
    charts: ['cpu'],
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
