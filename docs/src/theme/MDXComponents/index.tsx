import MDXComponents from '@theme-original/MDXComponents'
import { LabPlayer } from '../../player/lab-player.tsx'
import { Trailer } from '../../player/trailer.tsx'

/** The components that a page of the site may contain. The plugin for lab pages inserts them. */
export default { ...MDXComponents, LabPlayer, Trailer }
