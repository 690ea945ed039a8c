import { enginesConfig } from '../config.ts'

/**
 * Whether everything is asked for: `threshold test --all`, and CI. Every kind of test runs without it as well, on the same engines;
 * what it adds is repetition, for what only chance or number brings to light.
 */
export const testsAll = (): boolean => enginesConfig().testAll

/** How often a test does something by chance: `usual` times, and `all` of them when everything is asked for. */
export const rounds = (usual: number, all: number): number => (testsAll() ? all : usual)
