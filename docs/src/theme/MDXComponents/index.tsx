import MDXComponents from '@theme-original/MDXComponents'
import { CommandHelp } from '../../command-help.tsx'
import { LabPlayer } from '../../player/lab-player.tsx'
import { Trailer } from '../../player/trailer.tsx'

/** The components that a page of the site may contain. The plugins insert them. */
export default { ...MDXComponents, CommandHelp, LabPlayer, Trailer }
