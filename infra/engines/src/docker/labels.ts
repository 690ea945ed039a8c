/**
 * The id of the container's registration. A sweep finds a container by it before its id is known.
 */
export const REGISTRATION_LABEL = 'threshold.run'

/** Marks an image of infra/docker that contains another product than its name says. */
export const STAND_IN_LABEL = 'threshold.stand-in'

/**
 * The cache folder of the container's registration. `threshold reset` removes unregistered
 * containers of its own cache, and none of another cache.
 */
export const CACHE_LABEL = 'threshold.cache'
