import { busyGuilds, count, defineLab, told } from '@threshold/lab-kit'
import { cured, firstDraft, RACES, SECRET, TOLD, throughTheStage } from './race.ts'

const talk = busyGuilds({ guilds: 2, online: 5, messagesPerSecond: 4, seconds: 12, seed: 25 })
const env = { THRESHOLD_TOKEN_SECRET: SECRET }

export default defineLab({
  id: '2.5',
  title: 'Ghosts',
  question: 'What does eventual consistency leave behind?',
  hypothesis:
    'In Cassandra a write is an upsert. An edit that arrives after a delete brings back a row that has what was edited and nothing else: a message that nobody wrote. Where a delete is later than every write, nothing comes back, in whatever order they arrive.',
  minutes: { quick: 1, full: 3 },
  memory: '2 GB',

  load: {
    ...talk,
    groups: [
      ...talk.groups,
      { name: 'raced', guilds: 1, online: 1, channels: 1, messagesPerSecond: 0, readsPerSecond: 0 },
    ],
  },
  arms: {
    draft: { stage: 'stage-2', env, deed: firstDraft },
    cured: { stage: 'stage-2', env, deed: cured },
    stage: { stage: 'stage-2', env, deed: throughTheStage },
  },

  measure: {
    races: told(TOLD.races, 'count', TOLD.races),
    editsDone: told(TOLD.edits, 'count', TOLD.edits),
    raced: told(TOLD.raced, 'count', TOLD.raced),
    ghosts: told(TOLD.ghosts, 'count', `${TOLD.ghosts}, found in the table itself`),
    shown: told(TOLD.shown, 'count', TOLD.shown),
    errors: count.errors(),
  },

  claim: {
    draft: ({ ghosts }) => ghosts.atLeast(100),
    // The same edits, all of them done, and all later than their deletes.
    cured: ({ ghosts, shown, editsDone }) => ghosts.is(0).and(shown.is(0)).and(editsDone.is(RACES)),
    // Of two hundred. Where no edit that was done met a delete under way there was no race, and
    // nothing to cure.
    stage: ({ ghosts, shown, raced, errors }) =>
      ghosts.is(0).and(shown.is(0)).and(raced.atLeast(20)).and(errors.is(0)),
  },

  twin: {
    text: 'the delete has its own time, as in a first draft',
    deeds: { cured: firstDraft },
    refutedBy: ['cured: ghosts'],
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 5, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 60, warmupSeconds: 3 } },
  },
})
