// What a disk journal needs to know about the place where its segments live.
import type { Sealed } from './journal.js'
import type { SegmentFile } from './segment.js'

export interface Shelf<S extends Sealed = Sealed> {
  /** A written line is a delivered one: the segment is the product, and is written on after a restart. */
  readonly product: boolean
  /** Takes possession. The segment to go on with, repaired, where a segment is written on after a restart. */
  open (now: number): Promise<SegmentFile | undefined>
  /**
   * Takes over what dead writers left, beside the writing, because that may take long. `found` hears of every segment. Never rejects;
   * resolves when everything has been tried; what failed is tried again later.
   */
  adopt? (found: (segment: S) => void): Promise<void>
  create (now: number): Promise<SegmentFile>
  /** The same segment again after an error, or a new one in its place after an external rename or delete. */
  reopen (file: SegmentFile, now: number): Promise<SegmentFile>
  /** Is it still the file that its name leads to? */
  holds (file: SegmentFile): Promise<boolean>
  /** Nothing more here for a while, after errors. True when there is another place to write to. */
  avoid? (now: number): boolean
  seal (file: SegmentFile, state: { records: number, opened: number }): Promise<S>
  remove (segment: S): Promise<void>
  /** Gives up possession; the active segment is closed already. */
  close (): Promise<void>
}
