/**
 * The container belongs to the run of this id: a sweep finds it by this, also when its own id was
 * never written down.
 */
export const REGISTRATION_LABEL = 'threshold.run'

/** Marks an image of our own that holds another product than its name says: infra/docker. */
export const STAND_IN_LABEL = 'threshold.stand-in'

/**
 * The run's cache, in which its entry lies: `reset` ends what has lost its entry, and nothing of
 * another cache.
 */
export const CACHE_LABEL = 'threshold.cache'
